"""The summary of a search: calls by role, candidates, copies of training text, and the score it selected by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.api import plan, run
from promptwire.options import Options
from promptwire.results.report import Report
from promptwire.values import Scores

PIPELINE = """
promptwire: 1
name: mine
inputs: {seed: Prompts, train: Examples}
nodes:
  variants: {use: resample, prompts: $seed, template: own.j2, n: 8}
  best: {use: beam-select, prompts: [$seed, $variants], on: $train, keep: 1}
outputs: {prompt: $best}
"""
MODEL = """
- {when: Reword, reply: ["Opposite, as in hot -> cold.", "Write the opposite."]}
- {when: %r, reply: "yes"}
- {reply: "no"}
"""


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Report, Path]:
    """A search whose second candidate wins and whose first copies an example."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(PIPELINE)
    (tmp_path / "own.j2").write_text("Reword: {{ prompt.text }}")
    for name, words in (("train", ("hot", "high", "wet", "new")), ("test", ("old", "big"))):
        rows = [{"input": word, "output": "cold" if word == "hot" else "yes"} for word in words]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "task.yaml").write_text(
        "promptwire: 1\nprompt: Say it.\ndata: {train: train.jsonl, test: test.jsonl}\nmetric: exact\n"
    )
    (tmp_path / "model.yaml").write_text(MODEL % "Write the opposite")
    report = run("mine.yaml", "task.yaml", Options(models={"task": "scripted:model.yaml"}))
    return report, Path(report.run)


def test_several_answers_are_planned_asked_and_kept(searched: tuple[Report, Path]) -> None:
    options = Options(models={"task": "scripted:model.yaml"}, repeats=3)
    before, planned = searched[0].calls, plan("mine.yaml", "task.yaml", options)
    again = run("mine.yaml", "task.yaml", options)
    assert (again.repeats, again.test) == (3, searched[0].test)
    assert (again.calls.new, again.calls.cached) == (2 * 2 * 2, before.new + before.cached)
    assert planned.steps[-1].most == 2 * (3 * 2 + 4)
    lines = [json.loads(line) for line in (Path(again.run) / "values.jsonl").read_text().splitlines()]
    (outputs,) = [line["outputs"] for line in lines if (line["path"], line["element"]) == ("report", "test")]
    assert [len(row["repeats"]) for row in outputs["scores"]["rows"]] == [3] * 4


def test_the_search_is_summarized_without_the_final_comparison(searched: tuple[Report, Path]) -> None:
    search = searched[0].search
    assert search is not None
    assert searched[0].prompt == "Write the opposite."
    assert search.calls == {"meta": 8, "task": 3 * 4}
    assert (search.candidates, search.copying, search.copied) == (2, 1, ())
    assert (search.score, search.scored_on) == (0.75, 4)


def test_the_run_folder_holds_the_values_of_both_prompts_on_each_example(searched: tuple[Report, Path]) -> None:
    report, folder = searched
    lines = [json.loads(line) for line in (folder / "values.jsonl").read_text().splitlines()]
    test, train = [line["outputs"]["pairs"] for line in lines if line["path"] == "report"]
    assert [line["element"] for line in lines if line["path"] == "report"] == ["test", "train"]
    assert [values[1:] for values in test] == [[0.0, 1.0]] * 2
    assert sorted(values[1:] for values in train) == [[0.0, 0.0], *[[0.0, 1.0]] * 3]
    assert report.test.gain.score == 1.0


def test_the_run_folder_holds_the_held_out_answers_of_both_prompts(searched: tuple[Report, Path]) -> None:
    lines = [json.loads(line) for line in (searched[1] / "values.jsonl").read_text().splitlines()]
    (outputs,) = [line["outputs"] for line in lines if (line["path"], line["element"]) == ("report", "test")]
    scores = Scores.model_validate(outputs["scores"])
    initial, best = scores.prompts.items
    assert (initial.text, best.text, best.made_by) == ("Say it.", "Write the opposite.", "variants")
    assert sorted(example.text for example in scores.examples.items) == ["big", "old"]
    assert [(row.output, row.answer, row.value) for row in scores.by_prompt[initial.id]] == [("no", "no", 0.0)] * 2
    assert [(row.output, row.answer, row.value) for row in scores.by_prompt[best.id]] == [("yes", "yes", 1.0)] * 2
    assert [[row.example, row.value] for row in scores.by_prompt[best.id]] == [[one, best] for one, _, best in outputs["pairs"]]


def test_the_report_and_its_file_hold_the_verdict(searched: tuple[Report, Path]) -> None:
    report, folder = searched
    found = report.verdict
    assert found is not None
    assert (found.kind, found.n, found.gain, found.fixed, found.broken) == ("not shown", 2, 1.0, 2, 0)
    assert (found.smallest_gain, found.optimism) == (None, pytest.approx(0.75 - 1.0))
    assert json.loads((folder / "report.json").read_text())["verdict"] == found.model_dump(mode="json")
