"""Cells run in this process one after another or several at once, with the same results."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import CacheError
from promptwire.gateway.idle_loop import run_loop
from promptwire.sweeps import cell_run
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.runner import CellEnd, CellEvent, CellStart
from promptwire.sweeps.sweep_file import read_sweep
from tests.engine.sweeps.study import SWEEP, make_study


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def results(file: Path, parallel: int, runs: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[CellEvent], dict[str, Any]]:
    """Events of the cells of a sweep, and their reports by key, without what depends on the clock and the cache."""
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(runs))
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(runs / "cache"))
    told: list[CellEvent] = []
    run_loop(InProcess(parallel).run(read_sweep(file).cells, tell=told.append))
    reports = {key: json.loads((folder / "report.json").read_text()) for key, folder in done_cells(runs).items()}
    for report in reports.values():
        for name in ("run", "seconds", "calls", "requests", "tokens_in", "tokens_out", "cost_usd"):
            del report[name]
    return told, reports


def test_several_cells_at_once_have_the_results_of_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_study(tmp_path)
    one, alone = results(file, 1, tmp_path / "one", monkeypatch)
    four, together = results(file, 4, tmp_path / "four", monkeypatch)
    assert len(alone) == 4 and alone == together
    assert [type(event) for event in one] == [CellStart, CellEnd] * 4
    assert [type(event) for event in four[:4]] == [CellStart] * 4
    assert {event.state for event in (*one, *four) if isinstance(event, CellEnd)} == {"finished"}


def test_cells_at_once_pay_for_each_question_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_study(tmp_path, SWEEP.replace("seeds: 2", "seeds: 3"))
    paid = []
    for parallel in (1, 6):
        told, _ = results(file, parallel, tmp_path / str(parallel), monkeypatch)
        paid.append(sum(event.calls for event in told if isinstance(event, CellEnd)))
    assert paid[0] == paid[1] > 0


def test_a_failed_cell_is_told_with_its_error_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = "models: [{task: scripted:silent.yaml, name: a}, {task: scripted:rules.yaml, name: b}]"
    file = make_study(tmp_path, SWEEP.replace("models: scripted:rules.yaml", models))
    told, reports = results(file, 2, tmp_path / "runs", monkeypatch)
    ends = [event for event in told if isinstance(event, CellEnd)]
    assert sorted(end.state for end in ends) == ["failed"] * 4 + ["finished"] * 4 and len(reports) == 4
    assert all(end.why and end.run is None for end in ends if end.state == "failed")
    assert all(end.calls or end.cached for end in ends if end.state == "finished")


def test_a_cache_that_fails_ends_the_others_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    async def fail(*args: Any, **named: Any) -> None:
        begun.append(1)
        if len(begun) == 2:
            raise CacheError("the disk is full")
        await asyncio.sleep(60)

    monkeypatch.setattr(cell_run, "run_async", fail)
    told: list[CellEvent] = []
    with pytest.raises(CacheError, match="the disk is full"):
        run_loop(InProcess(2).run(read_sweep(make_study(tmp_path)).cells, tell=told.append))
    assert sorted(event.state for event in told if isinstance(event, CellEnd)) == ["failed", "stopped"]


async def test_a_cancelled_runner_stops_its_cells_and_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forever(*args: Any, **named: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(cell_run, "run_async", forever)
    told: list[CellEvent] = []
    work = asyncio.ensure_future(InProcess(2).run(read_sweep(make_study(tmp_path)).cells, tell=told.append))
    while len(told) < 2:
        await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert [event.state for event in told if isinstance(event, CellEnd)] == ["stopped", "stopped"]
    assert len([event for event in told if isinstance(event, CellStart)]) == 2


@pytest.mark.parametrize(("parallel", "words"), [(1, "one process"), (3, "one process, 3 cells at once")])
def test_a_runner_says_where_cells_run(parallel: int, words: str) -> None:
    assert InProcess(parallel).describe() == words
