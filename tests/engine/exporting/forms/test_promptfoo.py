"""The form `promptfoo`: what its written files send, and that the real promptfoo sends and passes the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.errors import RunError
from promptwire.exporting.export import export
from promptwire.exporting.forms.promptfoo import PromptfooForm
from promptwire.options import Options
from promptwire.values import Example, Prompt
from tests.openai_server import Server
from tests.promptfoo_process import evaluated, require_promptfoo
from tests.sample_exports import NASTY, made_export, nasty_exports, nasty_fields, nasty_turns, unequal


@pytest.mark.parametrize("template", ["chat.j2", "system.j2"])
def test_nasty_texts_arrive_as_the_run_sent_them(tmp_path: Path, template: str) -> None:
    for source in nasty_exports(tmp_path, template):
        assert unequal(source, PromptfooForm()) == (), source.prompt.text


def test_fields_are_parts_of_one_variable(tmp_path: Path) -> None:
    source = nasty_fields(tmp_path)
    assert unequal(source, PromptfooForm()) == ()
    assert '{{ example.input[\\"two words\\"] }}' in PromptfooForm().write(source).files["prompt.json"]


def test_a_conversation_is_refused_with_forms_that_hold_it(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="conversation") as found:
        PromptfooForm().write(nasty_turns(tmp_path))
    assert "--to python" in found.value.hint


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("equals", "equals"),
        ("includes", "contains"),
        ("includes-any-case", "icontains"),
        ("exact", "javascript"),
        ("macro-f1", "javascript"),
        ("valid-json", "is-json"),
        ("judge", "llm-rubric"),
        ("f1", ""),
    ],
)
def test_a_metric_has_its_assert_or_is_told_of(tmp_path: Path, metric: str, kind: str) -> None:
    source = made_export(tmp_path / "run", Prompt(text="p"), [Example(input="a", outputs=("x",))], metric=metric)
    written = PromptfooForm().write(source)
    config = written.files["promptfooconfig.yaml"]
    assert (f'"type": "{kind}"' in config) if kind else ("assert:" not in config)
    assert kind in ("equals", "contains", "icontains", "is-json") or len(written.told) > 1


@pytest.mark.heavy
def test_the_real_promptfoo_sends_the_messages_of_the_run_with_the_same_pass_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_promptfoo()
    monkeypatch.chdir(tmp_path)
    rows = [{"input": text, "output": str(number % 3)} for number, text in enumerate(dict.fromkeys(NASTY))]
    Path("data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    task = {
        "prompt": 'Reply with {"n": 0} or {{n}}, {% raw %} {# no #} ${x} \\ "1" in <answer> marks: {',
        "data": {"train": "data.jsonl", "test": "data.jsonl"},
        "settings": {"max_tokens": 9, "stop": ["END"], "extra": {"top_k": 3}},
        "parse": {"tag": "answer"},
    }
    Path("task.yaml").write_text(json.dumps(task))
    with Server().beside() as server:
        server.reply = lambda body, number: (
            f"<think><answer>9</answer></think><ANSWER> {len(str(body.get('messages'))) % 3}.\n</ANSWER>"
        )
        options = Options(models={"task": "m"}, api_bases={"task": server.url}, params={"n": "2", "first": "2"})
        report = promptwire.run("ape-paraphrase", "task.yaml", options)
        made = export(report, "promptfoo", "made")
        assert made.requests.equal == len(rows)
        server.requests.clear()
        results = evaluated(tmp_path / "made" / "promptfooconfig.yaml", server.url, tmp_path)
        sent = [_request(body) for body in server.requests]
    run: list[Any] = [made.source.pattern.sent(test) for test in made.source.tests]
    wanted = {"model": "m", "temperature": 0, "max_tokens": 9, "stop": ["END"], "top_k": 3}
    expected = [{**wanted, "messages": [one.model_dump() for one in messages]} for messages in run]
    assert sorted(sent, key=json.dumps) == sorted(map(_request, expected), key=json.dumps)
    assert sum(one["success"] for one in results) / len(results) == pytest.approx(report.test.best.score)
    assert 0 < (report.test.best.score or 0) < 1


@pytest.mark.heavy
def test_the_real_promptfoo_sends_nasty_prompts_and_fields_as_they_are(tmp_path: Path) -> None:
    require_promptfoo()
    sources = [*nasty_exports(tmp_path / "runs", "system.j2"), nasty_fields(tmp_path / "fields")]
    config = tmp_path / "promptfooconfig.yaml"
    for number, source in enumerate(sources):
        (tmp_path / f"{number}.json").write_text(PromptfooForm().write(source).files["prompt.json"], encoding="utf-8")
    texts = [test for test in sources[0].tests if test.input in NASTY[3:9]]
    fields = [test for test in sources[-1].tests if test.input["question"] in NASTY[3:9]]  # type: ignore[index]
    pairs = [(number, test) for number in range(len(sources) - 1) for test in texts[:2]]
    pairs += [(len(sources) - 1, test) for test in fields]
    tests = [{"vars": {"example": {"input": test.input}}, "prompts": [f"{number}"]} for number, test in pairs]
    prompts = [{"id": f"file://{number}.json", "label": f"{number}"} for number in range(len(sources))]
    config.write_text(json.dumps({"prompts": prompts, "providers": ["openai:chat:m"], "tests": tests}))
    with Server().beside() as server:
        evaluated(config, server.url, tmp_path)
        sent = [json.dumps(body["messages"]) for body in server.requests]
    wanted: list[Any] = [sources[number].pattern.sent(test) for number, test in pairs]
    assert sorted(sent) == sorted(json.dumps([one.model_dump() for one in messages]) for messages in wanted)


def _request(body: dict[str, Any]) -> dict[str, Any]:
    names = ("model", "messages", "temperature", "max_tokens", "stop", "top_k", "top_p")
    return {name: body[name] for name in names if name in body}
