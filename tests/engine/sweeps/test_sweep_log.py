"""The log of a sweep tells how each cell stands, also after a kill and from another process."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.options import Options, runs_folder
from promptwire.sweeps.cells import mark_cell
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.runner import CellEnd, CellStart
from promptwire.sweeps.sweep_log import CellStanding, SweepLog, SweepSpent


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def cell(key: str) -> Cell:
    return Cell("ape", "mood", 0, "ape", Options(), key, task_name="mood")


def test_the_last_line_of_a_cell_counts_and_a_result_in_a_run_folder_counts_more() -> None:
    log = SweepLog("study")
    cells = [cell(key) for key in ("a", "b", "c", "d")]
    with log.writing():
        for event in (
            CellStart("a"),
            CellEnd("a", "failed", why="first"),
            CellEnd("a", "stopped", why="second"),
            CellStart("b"),
        ):
            log.add(event, cell(event.key))
        log.add(CellEnd("c", "failed", why="bad"), cell("c"))
        run = runs_folder() / "1"
        mark_cell(run, "c")
        (run / "report.json").write_text("{}")
        assert log.standings(cells)["b"].state == "at work"
    found = log.standings(cells)
    assert found["a"] == CellStanding("stopped", why="second")
    assert (found["b"].state, found["b"].why) == ("stopped", "its process ended before it did")
    assert found["c"].state == "done" and found["c"].has_result and found["c"].run is not None
    assert found["d"].state == "waiting"


def test_two_processes_do_not_work_on_one_sweep_at_once() -> None:
    with SweepLog("study").writing():
        assert SweepLog("study").is_at_work()
        with pytest.raises(UsageError, match="another process works on this sweep"), SweepLog("study").writing():
            pass
    assert not SweepLog("study").is_at_work()
    with SweepLog("study").writing():
        pass


def test_a_line_that_a_kill_cut_short_costs_no_other_line() -> None:
    log = SweepLog("study")
    with log.writing():
        log.add(CellEnd("a", "failed", why="x"), cell("a"))
    with log.path.open("a") as file:
        file.write('{"state": "fail')
    with log.writing():
        log.add(CellEnd("b", "failed", why="y"), cell("b"))
    assert [one.why for one in log.standings([cell("a"), cell("b")]).values()] == ["x", "y"]


def test_what_was_spent_is_the_sum_over_all_ends() -> None:
    log = SweepLog("study")
    with log.writing():
        log.add(CellEnd("a", "failed", calls=3, tokens=30, usd=None), cell("a"))
        log.add(CellEnd("a", "finished", calls=4, tokens=5, usd=0.5), cell("a"))
    assert log.spent() == SweepSpent(7, 35, 0.5)
    assert SweepLog("other").spent() == SweepSpent()


def test_a_secret_in_an_error_is_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-very-long-secret-key")
    log = SweepLog("study")
    with log.writing():
        log.add(CellEnd("a", "failed", why="refused sk-a-very-long-secret-key"), cell("a"))
    assert "very-long" not in log.path.read_text() and json.loads(log.path.read_text())["why"].startswith("refused ")
    assert os.stat(log.path).st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["a/b", "../x", "..", "Ä", "a b", "x" * 80])
def test_any_name_has_a_folder_of_its_own_inside_the_runs_folder(name: str) -> None:
    folder = SweepLog(name).folder
    assert folder.parent == runs_folder() / "sweeps" and folder.name not in ("", "..", ".")
    assert folder != SweepLog(name.replace("/", "-").replace(" ", "-") + "-").folder
