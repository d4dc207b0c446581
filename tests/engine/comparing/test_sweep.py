"""A sweep from Python: what has a result is not run again, what failed only when asked."""

from __future__ import annotations

from pathlib import Path

import pytest

import promptwire
from promptwire.errors import UsageError
from promptwire.options import runs_folder
from promptwire.sweeps.bound import Bound
from promptwire.sweeps.runner import CellEnd, CellEvent, CellStart
from tests.engine.sweeps.study import RULES, SWEEP, make_study

BROKEN = SWEEP.replace("models: scripted:rules.yaml", "models: scripted:silent.yaml")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def begun(told: list[CellEvent]) -> int:
    return sum(isinstance(event, CellStart) for event in told)


def test_a_sweep_gives_the_table_and_runs_only_what_is_missing(tmp_path: Path) -> None:
    file, told, bounds = make_study(tmp_path), list[CellEvent](), list[Bound]()
    first = promptwire.sweep(file, only="seed 0", tell=told.append, approve=bounds.append)
    assert (first.seeds, first.tasks, begun(told)) == ((0,), ("mood",), 2)
    assert (
        bounds[0].cells == 2
        and bounds[0].calls
        and bounds[0].tokens
        and set(bounds[0].by_cell.values()) == {plan.total.new for plan in bounds[0].plans}
    )
    table = promptwire.sweep(file, tell=told.append)
    assert begun(told) == 4 and {cell.state for cell in table.cells} == {"finished"}
    again = promptwire.sweep(str(file), tell=told.append, approve=bounds.append)
    assert begun(told) == 4 and len(bounds) == 1 and again == table


def test_a_failed_cell_stands_in_the_table_and_is_run_again_only_when_asked(tmp_path: Path) -> None:
    file, told = make_study(tmp_path, BROKEN), list[CellEvent]()
    table = promptwire.sweep(file, tell=told.append)
    assert {cell.state for cell in table.cells} == {"failed"} and all(cell.why for cell in table.cells)
    assert promptwire.sweep(file, tell=told.append) == table and begun(told) == 4
    promptwire.sweep(file, retry_failed=True, only="one", tell=told.append)
    assert begun(told) == 6


def test_cells_of_another_model_script_are_other_cells(tmp_path: Path) -> None:
    file, told = make_study(tmp_path, BROKEN), list[CellEvent]()
    promptwire.sweep(file, tell=told.append)
    (tmp_path / "silent.yaml").write_text(RULES)
    table = promptwire.sweep(file, tell=told.append)
    assert begun(told) == 8 and {cell.state for cell in table.cells} == {"finished"}


def test_a_refused_bound_leaves_nothing(tmp_path: Path) -> None:
    def refuse(bound: Bound) -> None:
        raise UsageError("too dear")

    with pytest.raises(UsageError, match="too dear"):
        promptwire.sweep(make_study(tmp_path), approve=refuse)
    assert [path.name for path in runs_folder().iterdir()] == ["sweeps"]


def test_the_bound_is_at_most_the_limit_of_all_cells(tmp_path: Path) -> None:
    bounds: list[Bound] = []

    def note(bound: Bound) -> None:
        bounds.append(bound)
        raise UsageError("enough")

    with pytest.raises(UsageError, match="enough"):
        promptwire.sweep(make_study(tmp_path, SWEEP + "limits: {all: {calls: 70, tokens: 900}}\n"), approve=note)
    assert (bounds[0].calls, bounds[0].tokens) == (70, 900)


@pytest.mark.parametrize(
    ("pattern", "cells"),
    [("one", 2), ("random-*", 2), ("mood", 4), ("seed 1", 2), ("one on mood, seed 0", 1), ("*seed 0", 2), (("one", "seed 0"), 3)],
)  # fmt: skip
def test_a_pattern_chooses_cells_by_their_names(tmp_path: Path, pattern: str | tuple[str, ...], cells: int) -> None:
    told: list[CellEvent] = []
    promptwire.sweep(make_study(tmp_path), only=pattern, tell=told.append)
    assert sum(isinstance(event, CellEnd) for event in told) == cells


def test_a_pattern_without_a_cell_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no cell matches 'onne'"):
        promptwire.sweep(make_study(tmp_path), only="onne")


async def test_a_sweep_is_awaited_in_a_running_loop(tmp_path: Path) -> None:
    table = await promptwire.sweep_async(make_study(tmp_path), only="one on mood, seed 0", on="here:2")
    assert [cell.state for cell in table.cells] == ["finished"]


@pytest.mark.parametrize("where", ["ther", "here:0", "here:x", ""])
def test_an_unknown_place_is_an_error(tmp_path: Path, where: str) -> None:
    with pytest.raises(UsageError, match="no place"):
        promptwire.sweep(make_study(tmp_path), on=where)
