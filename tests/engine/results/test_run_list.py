"""Runs are found by their names and listed from their small files."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.results.run_list import find_run, list_runs, run_folders, with_spent
from tests.sample_runs import written_run

FIRST, SECOND, OTHER = "20261101-100000-ape-plural-0", "20261102-100000-ape-plural-1", "20261103-100000-opro-sums-0"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs, and what is none."""
    for name in (FIRST, SECOND, OTHER):
        written_run(tmp_path / name, report={"pipeline": name.split("-")[2], "prompt": name})
    (tmp_path / "20261109-not-a-run").mkdir()
    (tmp_path / "a-file").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "folder"), [(FIRST, FIRST), ("20261103", OTHER), ("20261101-100000-ape", FIRST), ("last", OTHER)]
)
def test_a_run_is_found_by_its_name_a_unique_beginning_and_last(runs: Path, name: str, folder: str) -> None:
    assert find_run(name, runs) == runs / folder


def test_a_folder_anywhere_is_found_by_its_path(runs: Path, tmp_path: Path) -> None:
    assert find_run(str(runs / SECOND), tmp_path / "none") == runs / SECOND


def test_a_run_that_was_named_by_hand_is_last_when_its_folder_changed_last(runs: Path) -> None:
    assert find_run("last", runs).name == OTHER
    written_run(runs / "mine", report={"prompt": "x"})
    assert find_run("last", runs).name == "mine"


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("20261", "is the beginning of 3 runs", OTHER),
        ("opro-sums", "there is no run 'opro-sums'", "the last runs"),
        ("lst", "there is no run 'lst'", "did you mean 'last'?"),
        ("", "there is no run ''", ""),
        ("x" * 5000, "there is no run 'xxx", ""),
        ("a\x00b", "there is no run", ""),
    ],
)
def test_a_name_of_no_run_or_several_is_one_error(runs: Path, name: str, problem: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_run(name, runs)
    assert problem in caught.value.problem and hint in caught.value.hint


def test_without_runs_the_error_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no runs in"):
        find_run("last", tmp_path / "none")
    assert run_folders(tmp_path / "none") == [] and list(list_runs(tmp_path / "none")) == []


def test_runs_are_listed_newest_first_with_scores_and_cost(runs: Path) -> None:
    score = {"score": 0.5, "n": 40}
    test = {"initial": {"score": 0.25}, "best": score, "gain": {"score": 0.25, "low": 0.1, "high": 0.4}}
    report = {"pipeline": "ape", "task": "plural", "prompt": "P", "test": test, "cost_usd": 0.5, "seconds": 9, "limit": "calls"}
    written_run(
        runs / "20261104-100000-ape-plural-2",
        report={**report, "calls": {"new": 7, "cached": 2}, "verdict": {"kind": "better"}},
    )
    listed = list(list_runs(runs))
    assert [one.folder.name for one in listed] == ["20261104-100000-ape-plural-2", OTHER, SECOND, FIRST]
    newest = listed[0]
    assert (newest.state.kind, newest.state.why, newest.verdict) == ("cut short", "calls", "better")
    assert (newest.initial, newest.best, newest.gain, newest.n) == (0.25, 0.5, (0.25, 0.1, 0.4), 40)
    assert (newest.new, newest.cached, newest.usd, newest.seconds) == (7, 2, 0.5, 9)


@pytest.mark.parametrize("content", ['{"test": 4, "calls": [], "cost_usd": "much"}', '{"seconds": 1e999}', "[1]", "\udc80"])
def test_a_damaged_report_leaves_a_row_without_numbers(tmp_path: Path, content: str) -> None:
    folder = written_run(tmp_path / FIRST, best={"prompt": "kept"})
    (folder / "report.json").write_text(content, errors="surrogateescape")
    (only,) = list_runs(tmp_path)
    assert (only.best, only.usd, only.new, only.seconds) == (None, None, None, None)


def test_a_run_without_report_tells_what_it_spent_from_its_trace(tmp_path: Path) -> None:
    request = {"event": "request", "path": "s", "tokens_in": 5, "tokens_out": 2, "usd": 0.25}
    calls = [{"path": "s", "new": True}, {"path": "s", "new": True}, {"path": "s", "new": False}]
    written_run(tmp_path / FIRST, events=[request, request], calls=calls)
    (only,) = list_runs(tmp_path)
    assert (only.new, only.cached, only.usd) == (None, None, None)
    whole = with_spent(only)
    assert (whole.new, whole.cached, whole.usd, whole.seconds) == (2, 1, 0.5, 0.2)


def test_answers_that_no_step_was_given_before_the_run_ended_are_told_as_new_calls(tmp_path: Path) -> None:
    request = {"event": "request", "path": "s", "answers": 2, "tokens_in": 5, "tokens_out": 2, "usd": 0.25}
    calls = [{"path": "s", "new": True}, {"path": "s", "new": False}]
    written_run(tmp_path / FIRST, events=[request, request], calls=calls)
    (only,) = list_runs(tmp_path)
    whole = with_spent(only)
    assert (whole.new, whole.cached, whole.usd) == (4, 1, 0.5)


def test_a_report_that_tells_what_was_spent_is_not_added_to(runs: Path) -> None:
    written_run(runs / FIRST, report={"calls": {"new": 7, "cached": 2}}, calls=[{"path": "s", "new": True}])
    told = next(one for one in list_runs(runs) if one.folder.name == FIRST)
    assert with_spent(told) == told and (told.new, told.cached) == (7, 2)
