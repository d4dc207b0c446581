"""A run folder, read through `Run`: whole, half-written, and of other versions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from promptwire.errors import RunError
from promptwire.results.run import FILES, Run
from promptwire.values import Prompt
from tests.sample_runs import comparison, small_run, written_run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("PROMPTWIRE_CACHE", str(home / "cache"))
        patch.setenv("PROMPTWIRE_RUNS", str(home / "runs"))
        return small_run()


def test_a_finished_run_tells_its_settings_state_and_report(finished: Path) -> None:
    run = Run.open(finished)
    assert run.state.kind == "finished" and run.report is not None
    assert (run.settings.pipeline, run.settings.task, run.settings.metric, run.settings.seed) == (
        "protegi",
        "planted",
        "exact",
        0,
    )
    assert run.settings.params["rounds"] == "2" and run.settings.models["task"] == "scripted:planted"
    assert run.settings.files["templates/protegi/edit.j2"] and run.settings.version
    assert run.best is not None and run.best.text == run.report.prompt
    assert run.initial is not None and run.initial.text == run.report.initial_prompt


def test_candidates_have_scores_parents_and_a_line_of_descent_to_the_initial_prompt(finished: Path) -> None:
    run = Run.open(finished)
    known = {one.id: one for one in run.candidates}
    assert run.best is not None and run.initial is not None and run.report is not None and run.report.search is not None
    best = known[run.best.id]
    assert best.score == run.report.search.score and len(best.values) == run.report.search.scored_on
    line = [best]
    while line[-1].parents:
        line.append(known[line[-1].parents[0]])
    assert line[-1].id == run.initial.id and len(line) > 1
    assert len(run.candidates) == run.report.search.candidates + 1  # with the initial prompt


def test_spending_grows_to_what_the_report_counts(finished: Path) -> None:
    run = Run.open(finished)
    assert run.report is not None
    end = run.spent_before(10**9)
    assert (end.new, end.calls) == (run.report.calls.new, run.report.calls.new + run.report.calls.cached)
    assert (end.tokens, end.usd) == (run.report.tokens_in + run.report.tokens_out, run.report.cost_usd)
    assert run.spent_before(0).calls == 0
    middle = run.spent_before(run.rounds[0].line)
    assert 0 < middle.calls < end.calls and 0 < (middle.tokens or 0) < (end.tokens or 0)


def test_steps_and_rounds_are_in_the_order_of_the_run(finished: Path) -> None:
    run = Run.open(finished)
    assert [(one.path, one.round, one.of) for one in run.rounds] == [("search", "1", 2), ("search", "2", 2)]
    assert run.steps[0].path == "search" and all(one.outcome == "done" for one in run.steps)
    assert run.steps[0].seconds is not None and run.steps[0].seconds >= max(
        one.seconds or 0 for one in run.steps[1:] if one.round
    )


def test_held_out_rows_agree_with_the_report(finished: Path) -> None:
    run = Run.open(finished)
    assert run.report is not None
    for split, sides in (("test", run.report.test), ("train", run.report.train)):
        rows = run.rows(split)  # type: ignore[arg-type]
        assert len(rows) == sides.best.n
        assert sum(row.best.value for row in rows) / len(rows) == pytest.approx(sides.best.score)
        fixed, broken = (sum(row.change == change for row in rows) for change in ("fixed", "broken"))
        assert (fixed - broken) / len(rows) == pytest.approx(sides.gain.score)


def test_rows_with_outputs_are_read_with_the_texts_of_both_prompts(tmp_path: Path) -> None:
    run = Run.open(written_run(tmp_path, values=[comparison([(0, 1), (1, 1), (1, 0)])]))
    assert [row.change for row in run.rows()] == ["fixed", "same", "broken"]
    first = run.rows()[0]
    assert first.example is not None and first.example.text == "question 0"
    assert (first.best.output, first.best.answer, first.best.value) == ("It is: 0.", "0", 1.0)
    assert run.best is not None and run.best.text == "Answer well." and run.best.made_by == "edits"
    assert run.rows("train") == ()


def test_rows_of_an_earlier_version_have_values_and_no_texts(tmp_path: Path) -> None:
    lines = [
        {"path": "report", "round": "", "element": "", "outputs": {"pairs": pairs}}
        for pairs in ([["abc", 0.0, 1.0]], [["def", 1.0, 1.0]])
    ]
    run = Run.open(written_run(tmp_path, values=lines))
    (test,), (train,) = run.rows(), run.rows("train")
    assert (test.id, test.example, test.best.output, test.change) == ("abc", None, None, "fixed")
    assert (train.id, train.change) == ("def", "same")
    assert any("kept no outputs" in note for note in run.notes)


def test_a_report_of_a_newer_version_is_read_without_what_is_unknown(finished: Path, tmp_path: Path) -> None:
    report = json.loads((finished / "report.json").read_text())
    newer = {**report, "aura": 1, "test": {**report["test"], "best": {**report["test"]["best"], "mood": "fine"}}}
    run = Run.open(written_run(tmp_path, report=newer))
    assert run.report is not None and run.report.prompt == report["prompt"] and run.state.kind == "finished"


def test_a_report_that_lacks_what_is_needed_leaves_the_prompt_and_a_note(tmp_path: Path) -> None:
    run = Run.open(written_run(tmp_path, report={"prompt": "Do it.", "demos": [{"input": "a", "outputs": ["b"]}]}))
    assert run.report is None and run.best is not None
    assert (run.best.text, [demo.output for demo in run.best.demos]) == ("Do it.", ["b"])
    assert any("another version" in note for note in run.notes)


def test_candidates_survive_foreign_and_damaged_lines(tmp_path: Path) -> None:
    made = Prompt(text="New.", parents=(Prompt(text="Old.").id,), made_by="edits", round="1").model_dump(mode="json")
    critique = {"text": "It is old.", "prompt": {"text": "Old.", "made_by": ""}, "cases": [], "shade": 3}
    rows = [{"prompt": Prompt(text="New.").id, "example": "e", "value": value} for value in (1.0, "much", None)]
    lines = [
        {"path": "gradients", "round": "1", "outputs": {"critiques": {"items": [critique]}}},
        {
            "path": "edits",
            "round": "1",
            "outputs": {"prompts": {"items": [{**made, "colour": "red"}, {"text": 7, "made_by": 1}]}},
        },
        {"path": "select", "round": "1", "outputs": {"scores": {"metric": "exact", "prompts": None, "rows": rows}}},
        {"path": "odd", "outputs": None},
        {"path": "odd", "outputs": {"scores": {"prompts": {"items": 4}, "rows": {"a": 1}}}},
    ]
    folder = written_run(tmp_path, values=lines)
    with (folder / "values.jsonl").open("a") as file:
        file.write('{"n": 9, "path": "cut", "outp')
    old, new = Run.open(folder).candidates
    assert (old.text, old.parents, old.score) == ("Old.", (), None)
    assert (new.text, new.parents, new.score, new.origin.critiques) == ("New.", (old.id,), 1.0, ("It is old.",))


@pytest.mark.parametrize("missing", FILES)
def test_any_file_may_be_missing(finished: Path, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    (folder / missing).unlink()
    run = Run.open(folder)
    assert run.settings.pipeline == "protegi" and run.best is not None
    assert isinstance(run.notes, tuple) and run.rows("train") is not None and run.steps is not None
    assert run.candidates or missing == "values.jsonl"


def test_what_is_no_run_folder_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        Run.open(tmp_path / "none")
    with pytest.raises(RunError, match="not a run folder"):
        Run.open(tmp_path)
