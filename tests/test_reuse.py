"""What is asked again after a change, and what is not: only calls that depend on it, through the program's own entry points."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import run
from promptwire.documents import resources
from promptwire.options import Options
from promptwire.results.report import Report
from tests.openai_server import Server

PIPELINE = "promptwire: 1\nextends: ape-paraphrase\noverride: {proposals: {template: mine.j2}}\n"
SMALL = {"n": "4", "scored_on": "12", "first": "4", "width": "2"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline with a template of its own, and a task beside it."""
    (tmp_path / "words").mkdir()
    for name, start in (("train", 0), ("test", 100)):
        rows = [{"input": f"word {number}", "output": f"reply {number}"} for number in range(start, start + 12)]
        (tmp_path / "words" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "p.yaml").write_text(PIPELINE)
    (tmp_path / "mine.j2").write_text(resources.template_path("ape/paraphrase.j2").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(server: Server, pipeline: str = "p.yaml", params: dict[str, str] = SMALL, **options: Any) -> Report:
    """The report of a small run."""
    task = {"prompt": "Say it.", "metric": "contains"}
    told = Options(models={"task": "openai/m"}, api_bases={"task": server.url}, params=params, task=task, **options)
    return run(pipeline, "words", told)


def asked(report: Report) -> Counter[str]:
    """New calls by step."""
    lines = (json.loads(line) for line in Path(report.run, "calls.jsonl").read_text().splitlines())
    return Counter(line["path"] for line in lines if line["new"])


def test_a_changed_template_asks_only_its_own_step_when_the_same_prompts_come_of_it(folder: Path) -> None:
    server = Server()
    with server.beside():
        whole = ran(server)
        template = folder / "mine.j2"
        template.write_text(template.read_text().replace("Correct the spelling.", "Mend the spelling."))
        changed = ran(server)
    assert asked(whole)["survivors"] > 0
    assert asked(changed) == {"proposals": 4}
    assert (changed.prompt, changed.test) == (whole.prompt, whole.test)


def test_a_changed_param_asks_only_what_it_adds(folder: Path) -> None:
    server = Server()
    with server.beside():
        ran(server)
        narrower = ran(server, params={**SMALL, "width": "1"})
        more = ran(server, params={**SMALL, "n": "6"})
        again = ran(server, params={**SMALL, "n": "6"})
    assert (narrower.calls.new, again.calls.new) == (0, 0)
    assert asked(more)["proposals"] == 2


def test_a_changed_example_asks_only_the_questions_with_it(folder: Path) -> None:
    server = Server()
    with server.beside():
        ran(server)
        test = folder / "words" / "test.jsonl"
        test.write_text(test.read_text().replace("word 100", "another word"))
        server.requests.clear()
        changed = ran(server)
    assert 1 <= changed.calls.new <= 2, "one question for each of the two prompts that are compared at the end"
    assert all("another word" in json.dumps(request) for request in server.requests)


def test_algorithms_share_the_prompts_that_they_both_score(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    small = {"steps": "1", "per_step": "2", "scored_on": "12"}
    with server.beside():
        ran(server)
        after = ran(server, "opro", small)
        monkeypatch.setenv("PROMPTWIRE_CACHE", str(folder / "another"))
        alone = ran(server, "opro", small)
    # What both score is the initial prompt on all training and all held-out examples.
    assert alone.calls.new - after.calls.new >= 24
    assert (after.prompt, after.test) == (alone.prompt, alone.test)


@pytest.mark.parametrize(("policy", "new"), [("refresh", True), ("off", True), ("use", False), ("only", False)])
def test_a_step_may_have_a_cache_policy_of_its_own(folder: Path, policy: str, new: bool) -> None:
    server = Server()
    with server.beside():
        ran(server)
        (folder / "p.yaml").write_text(PIPELINE.replace("mine.j2}", f"mine.j2, cache: {policy}}}"))
        changed = ran(server)
    assert asked(changed) == ({"proposals": 4} if new else {})
