"""Two runs are compared in settings, prompts, shared examples and cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.results.run import Run
from promptwire.results.run_diff import RunDiff, diff_runs
from promptwire.stats.verdict import paired_verdict
from promptwire.values import Prompt
from tests.sample_runs import comparison, written_run

PROMPT = Prompt(text="Sort it.")
STATE = {"pipeline": "ape", "task": "sums", "metric": "exact", "seed": 0, "models": {"task": "m"}, "params": {}}


def made(folder: Path, values: list[tuple[float, float]], best: str = "Answer well.", **state: Any) -> Run:
    return Run.open(written_run(folder, state={**STATE, **state}, values=[comparison(values, best=best)]))


def compared(tmp_path: Path, first: list[tuple[float, float]], second: list[tuple[float, float]], **state: Any) -> RunDiff:
    return diff_runs(made(tmp_path / "a", first), made(tmp_path / "b", second, best="Answer with care.", **state))


def test_settings_that_differ_are_named_with_both_values(tmp_path: Path) -> None:
    found = compared(tmp_path, [(0, 1)], [(0, 1)], seed=1, params={"rounds": "2"}, models={"task": "m", "meta": "n"})
    assert [(one.name, one.first, one.second) for one in found.settings] == [
        ("seed", "0", "1"), ("models.meta", "", "n"), ("params.rounds", "", "2"),
    ]  # fmt: skip


def test_files_are_compared_only_when_both_runs_recorded_them(tmp_path: Path) -> None:
    first, second = (made(tmp_path / name, [(0, 1)]) for name in "ab")
    (first.folder / "run.json").write_text('{"files": {"/x/templates/ape/forward.j2": "aaa", "/y/pipelines/ape.yaml": "b"}}')
    assert not diff_runs(Run.open(first.folder), Run.open(second.folder)).settings
    (second.folder / "run.json").write_text('{"files": {"/z/templates/ape/forward.j2": "ccc", "/z/pipelines/ape.yaml": "b"}}')
    (only,) = diff_runs(Run.open(first.folder), Run.open(second.folder)).settings
    assert (only.name, only.first, only.second) == ("files.templates/ape/forward.j2", "aaa", "ccc")


def test_scores_are_paired_on_the_examples_that_both_share(tmp_path: Path) -> None:
    found = compared(tmp_path, [(0, 0)] * 30 + [(0, 1)] * 10, [(0, 1)] * 38)
    assert found.scores is not None and found.unshared == (2, 0)
    assert (found.scores.first, found.scores.second) == (8 / 38, 1.0)
    assert (found.scores.verdict.kind, found.scores.verdict.n, found.scores.verdict.fixed) == ("better", 38, 30)


def test_scores_of_examples_in_groups_have_the_clustered_verdict(tmp_path: Path) -> None:
    films = [str(place // 3) for place in range(24)]
    before, after = [float(place % 2) for place in range(24)], [float(place % 5 > 0) for place in range(24)]
    runs = []
    for name, values in (("a", before), ("b", after)):
        pairs = [(0.0, value) for value in values]
        line = comparison(pairs, best=f"Answer {name}.", films=films)
        runs.append(Run.open(written_run(tmp_path / name, state={**STATE, "group": "film"}, values=[line])))
    found = diff_runs(*runs).scores
    assert found is not None and found.verdict == paired_verdict(before, after, groups=films)
    assert (found.verdict.groups, found.verdict.test) == (8, "clustered t")
    (runs[1].folder / "state.json").write_text(json.dumps(STATE))
    (tmp_path / "a" / "state.json").write_text(json.dumps({**STATE, "group": "no-such-column"}))
    untold = diff_runs(*(Run.open(run.folder) for run in runs)).scores
    assert untold is not None and untold.verdict == paired_verdict(before, after)


@pytest.mark.parametrize(
    ("state", "values", "note"),
    [({"metric": "numeric"}, [(0, 1)], "the metrics are exact and numeric"), ({}, [], "a run has no held-out rows")],
)
def test_what_cannot_be_compared_is_said(tmp_path: Path, state: dict[str, str], values: Any, note: str) -> None:
    found = compared(tmp_path, [(0, 1)], values, **state)
    assert found.scores is None and any(note in one for one in found.notes)


def test_runs_without_a_shared_example_are_compared_in_everything_else(tmp_path: Path) -> None:
    first = made(tmp_path / "a", [(0, 1)])
    line = {"path": "report", "element": "test", "outputs": {"pairs": [["another", 0, 1]]}}
    found = diff_runs(first, Run.open(written_run(tmp_path / "b", state=STATE, values=[line], best={"prompt": "Answer."})))
    assert found.scores is None and found.unshared == (1, 1) and any("share no held-out" in note for note in found.notes)
    assert [piece.kind for piece in found.best] == ["same", "removed", "same"]


def test_the_same_prompt_with_the_same_scores_is_no_difference(tmp_path: Path) -> None:
    found = diff_runs(made(tmp_path / "a", [(0, 1)] * 9), made(tmp_path / "b", [(0, 1)] * 9))
    assert found.scores is not None and found.scores.verdict.kind == "same prompt"
    assert [piece.kind for piece in found.best] == ["same"] and not found.settings


def labelled(folder: Path, answers: str, *, metric: str = "macro-f1", told: bool = True) -> Run:
    """A run by macro-F1, whose rows lack the right answers unless they are `told`, and whose best prompt gave these answers, one letter an example; six a and two b are right."""
    pairs, rows = [], []
    for place, (truth, answer) in enumerate(zip("aaaaaabb", answers, strict=True)):
        value = float(truth == answer)
        pairs.append([f"e{place}", value, value])
        rows.append({"prompt": PROMPT.id, "example": f"e{place}", "answer": answer, "value": value})
        rows[-1] |= {"truth": truth} if told else {}
    scores = {"metric": metric, "prompts": {"items": [PROMPT.model_dump(mode="json")]}, "rows": rows}
    line = {"path": "report", "element": "test", "outputs": {"scores": scores, "pairs": pairs}}
    return Run.open(written_run(folder, state={**STATE, "metric": metric}, values=[line]))


def test_scores_over_all_answers_are_compared_as_such(tmp_path: Path) -> None:
    found = diff_runs(labelled(tmp_path / "a", "aaaaaaaa"), labelled(tmp_path / "b", "aaaaaabb")).scores
    assert found is not None and (found.first, found.second) == (pytest.approx(3 / 7), 1.0)
    assert (found.verdict.test, found.verdict.gain) == ("jackknife t", pytest.approx(4 / 7))


@pytest.mark.parametrize(("metric", "told"), [("macro-f1", False), ("spearman", False), ("spearman", True)])
def test_rows_that_lack_what_a_metric_over_all_answers_needs_are_not_compared(tmp_path: Path, metric: str, told: bool) -> None:
    """Labels are no numbers, so a correlation can't be made of them either."""
    runs = [labelled(tmp_path / name, "aaaaaabb", metric=metric, told=told) for name in "ab"]
    found = diff_runs(*runs)
    assert found.scores is None
    assert (
        found.notes[0] == f"the scores can't be compared: the rows of {runs[0].name} lack the right answers that {metric} needs"
    )
