"""Exports read by the real DSPy, lm-eval and Prompty, which ask a scripted server: it gets what promptwire measured.

All share one process, see tests/tool_job.py. MLflow's registry is in tests/engine/exporting/forms/test_mlflow.py.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.exporting.export import export
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Unsendable
from promptwire.exporting.forms.dspy import DspyForm
from promptwire.exporting.forms.lm_eval import LmEvalForm
from promptwire.exporting.forms.prompty import PromptyForm
from promptwire.exporting.placeholders import values_of
from promptwire.exporting.prompty_file import survives
from promptwire.metrics.text_metrics import exact
from promptwire.options import Options
from promptwire.values import Example, Prompt
from tests.openai_server import Server
from tests.sample_exports import NASTY, made_export, nasty_fields, nasty_turns

TOOLS = Path(__file__).parent.parent / "build/tools/python/bin"
MISSING = "the real tools are not here: `make tools` installs them"
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(os.environ.get("CI") != "true" and not (TOOLS / "lm_eval").is_file(), reason=MISSING),
    pytest.mark.xdist_group("real-exports"),
]

SENT = 4
"""Inputs of a job that are also sent to the server."""
ROWS = (
    ("a fox", "yes"),
    ("two cats", "yes"),
    ("an owl", "yes"),
    ("a stone", "no"),
    ("ice", "no"),
    ('{{ "x" }} no \u2028 bird', "no"),
)


def everything(folder: Path, template: str, texts: Sequence[str] = NASTY) -> Exported:
    """An export whose prompt, demonstrations and inputs are all of `texts`."""
    demos = tuple(Example(input=text, outputs=(text,)) for text in texts)
    tests = [Example(input=text, outputs=("yes" if number % 2 else "no",)) for number, text in enumerate(NASTY)]
    prompt = Prompt(text="\n".join(texts), demos=demos)
    return made_export(
        folder, prompt, tests, template=template, settings={"temperature": 0.0, "max_tokens": 9, "stop": ("END",)}
    )


def environment(server: Server, folder: Path) -> dict[str, str]:
    """Nothing is fetched, and nothing is written outside of `folder`."""
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    homes = {name: str(folder / "home") for name in ("HOME", "HF_HOME", "DSPY_CACHEDIR", "XDG_CACHE_HOME")}
    keys = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": server.url, "OPENAI_API_BASE": server.url}
    return {**os.environ, **offline, **homes, **keys}


def in_dspy(body: Mapping[str, Any]) -> bool:
    return "[[ ## output ## ]]" in str(body.get("messages"))


KNOWN: dict[str, str] = {}
"""Replies to messages that lm-eval sends."""


def animal(body: Mapping[str, Any], number: int) -> str:
    """Takes a stone for an animal, and answers DSPy between its marks."""
    if known := KNOWN.get(json.dumps(body.get("messages"))):
        return known
    asked = body["messages"][-1]["content"].rsplit("Input:")[-1] if "messages" in body else body["prompt"]
    label = "Yes" if any(name in asked for name in ("fox", "cats", "owl", "stone")) else "**no**"
    return f"[[ ## output ## ]]\n{label}\n\n[[ ## completed ## ]]" if in_dspy(body) else label


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server().beside() as found:
        found.reply = animal
        yield found


def options(server: Server, **fields: Any) -> Options:
    return Options(models={"task": "openai/test"}, api_bases={"task": server.url}, **fields)


class Jobs:
    """Exports that the real DSPy and Prompty have read, and what came of them."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self.sources: dict[str, tuple[Form, Exported]] = {}
        self.made: dict[str, tuple[list[Any], list[Any]]] = {}
        self.requests: list[dict[str, Any]] = []

    def add(self, name: str, form: Form, source: Exported) -> None:
        self.sources[name] = (form, source)

    def run(self) -> None:
        jobs: list[Any] = []
        for number, (form, source) in enumerate(self.sources.values()):
            if form.name == "lm-eval":
                form.place(source, form.write(source), str(self.folder / "task"), force=False)
                jobs.append([form.name, str(self.folder / "task"), [], [], 0])
                continue
            (text,) = form.write(source).files.values()
            path = self.folder / f"{number}{'.json' if form.name == 'dspy' else '.prompty'}"
            path.write_bytes(text.encode())
            names = {"two words": "field_2"}
            inputs = [
                {names.get(name, name): value for name, value in values_of(one).items() if not one.turns}
                | ({"conversation": [turn.model_dump() for turn in one.turns]} if one.turns else {})
                for one in source.tests
            ]
            jobs.append([form.name, str(path), list(inputs[0]), inputs, SENT])
        (self.folder / "jobs.json").write_text(json.dumps(jobs))
        before = len(self.server.requests)
        command = [str(TOOLS / "python"), str(Path(__file__).with_name("tool_job.py")), str(self.folder / "jobs.json")]
        command.append(str(self.folder / "found.json"))
        done = subprocess.run(command, env=environment(self.server, self.folder), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-4000:]
        self.made = {
            name: tuple(found)
            for name, found in zip(self.sources, json.loads((self.folder / "found.json").read_text()), strict=True)
        }
        self.requests = self.server.requests[before:]


@pytest.fixture(scope="module")
def run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a real run against the server, whose score is 5 of 6."""
    folder = tmp_path_factory.mktemp("run")
    lines = "".join(f"{json.dumps({'input': one, 'output': other})}\n" for one, other in ROWS)
    (folder / "data.jsonl").write_text(lines)
    (folder / "task.yaml").write_text(
        "prompt: Is it an animal?\ndata: {train: data.jsonl, test: data.jsonl}\nsettings: {max_tokens: 5, temperature: 0}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "none")
        patch.chdir(folder)
        return folder / promptwire.run("ape-paraphrase", "task.yaml", options(server, params={"n": "2"})).run


@pytest.fixture(scope="module")
def jobs(server: Server, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    folder = tmp_path_factory.mktemp("jobs")
    found = Jobs(folder, server)
    safe = [text for text in NASTY if survives(text)]
    found.add("prompty: texts kept apart", PromptyForm(), everything(folder / "a", "system.j2"))
    found.add("prompty: one message", PromptyForm(), everything(folder / "b", "chat.j2", safe))
    found.add("prompty: fields", PromptyForm(), nasty_fields(folder / "c"))
    found.add("prompty: conversations", PromptyForm(), nasty_turns(folder / "d"))
    found.add("dspy: one field", DspyForm(), everything(folder / "e", "chat.j2"))
    found.add("dspy: fields", DspyForm(), nasty_fields(folder / "f"))
    source = export(run, "messages", folder / "messages.json").source
    found.add("prompty: run", PromptyForm(), source)
    found.add("dspy: run", DspyForm(), source)
    source = everything(folder / "g", "system.j2")
    found.add("lm-eval", LmEvalForm(), source)
    for number, example in enumerate(source.tests):
        KNOWN[sent_json(source, example)] = "Yes." if number % 3 else "**no**"
    found.run()
    return found


def sent_json(source: Exported, example: Example) -> str:
    return json.dumps([message.model_dump() for message in source.pattern.sent(example)])


NAMES = ("texts kept apart", "one message", "fields", "conversations", "run")


@pytest.mark.parametrize("name", [*(f"prompty: {name}" for name in NAMES), "dspy: one field", "dspy: fields", "dspy: run"])
def test_the_real_tool_makes_the_messages_that_the_form_says_it_makes(jobs: Jobs, name: str) -> None:
    (form, source), (made, _) = jobs.sources[name], jobs.made[name]
    reader = form.reader(form.write(source).files)
    for example, messages in zip(source.tests, made, strict=True):
        try:
            wanted = [message.model_dump() for message in reader(example)]
        except Unsendable:
            wanted = None
        assert messages == wanted, example.input


@pytest.mark.parametrize("name", [f"prompty: {name}" for name in NAMES])
def test_prompty_sends_what_the_run_sent_but_for_texts_that_it_changes(jobs: Jobs, name: str) -> None:
    source, (made, _) = jobs.sources[name][1], jobs.made[name]
    held = [(one, messages) for one, messages in zip(source.tests, made, strict=True) if survives(one.text) or one.turns]
    assert held
    for example, messages in held:
        assert messages == [message.model_dump() for message in source.pattern.sent(example)]


def test_the_server_gets_the_messages_and_the_settings_of_the_run(jobs: Jobs) -> None:
    source, (made, _) = jobs.sources["prompty: texts kept apart"][1], jobs.made["prompty: texts kept apart"]
    assert [body["messages"] for body in jobs.requests[:SENT]] == made[:SENT]
    first = {name: value for name, value in jobs.requests[0].items() if name != "messages"}
    assert first == {"model": "gpt-4o-mini", **source.request_settings}
    dspy, _ = jobs.made["dspy: run"]
    assert [body["messages"] for body in jobs.requests if in_dspy(body)][-SENT:] == dspy[:SENT]


def test_dspy_and_prompty_answer_what_verify_scores(
    server: Server, jobs: Jobs, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(jobs.folder)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    for tool in ("dspy", "prompty"):
        made = export(run, tool, f"verified.{tool}", verify=True, options=options(server))
        assert made.verification is not None
        assert made.verification.export.score == made.verification.run.score == pytest.approx(5 / 6)
        answers = jobs.made[f"{tool}: run"][1]
        values = [exact(answer, one.outputs) for answer, one in zip(answers, made.source.tests[:SENT], strict=True)]
        rows = {row.example.id: made.source.side(row).value for row in made.source.rows if row.example is not None}
        assert values == [rows[one.id] for one in made.source.tests[:SENT]]


def test_lm_eval_sends_what_the_run_sent_and_counts_as_many_right_answers(jobs: Jobs) -> None:
    source, (results, _) = jobs.sources["lm-eval"][1], jobs.made["lm-eval"]
    requests = jobs.requests[-len(source.tests) :]
    assert sorted(json.dumps(body["messages"]) for body in requests) == sorted(sent_json(source, one) for one in source.tests)
    assert {name: requests[0][name] for name in ("temperature", "max_tokens", "stop")} == source.request_settings
    right = [exact(KNOWN[sent_json(source, one)], one.outputs) for one in source.tests]
    assert results["exact_match,promptwire"] == pytest.approx(sum(right) / len(right))
    assert 0 < sum(right) < len(right)
