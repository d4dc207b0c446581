"""Run the cells of a matrix that are not there yet, one after another, with the shared cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptwire.api import plan
from promptwire.options import runs_folder
from promptwire.planning.plan import Plan
from promptwire.running.observer import RunObserver
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.matrix import Cell, task_name
from promptwire.sweeps.runner import CellEnd, CellEvent, CellStart

__all__ = ["Bound", "bound_of", "run_cells", "split_done"]


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that the missing cells cost together."""

    cells: int
    """Cells to run."""
    calls: int | None
    """Upper bound of new calls; None when unknown. Cells share calls through the cache, so it is rarely reached."""
    usd: float | None
    """Estimate of US dollars for this bound; None when a price is unknown."""
    plans: tuple[Plan, ...]
    """The plan of each cell."""


def split_done(cells: Sequence[Cell]) -> tuple[dict[str, Path], tuple[Cell, ...]]:
    """Folders of the cells that were run, by key, and the cells that were not."""
    known = done_cells(runs_folder())
    return {cell.key: known[cell.key] for cell in cells if cell.key in known}, tuple(
        cell for cell in cells if cell.key not in known
    )


def bound_of(cells: Sequence[Cell]) -> Bound:
    """The bound of all `cells` with the present cache. No call is made. Raises what a run would raise before its first call."""
    plans = tuple(plan(cell.pipeline, cell.task, cell.options) for cell in cells)
    limited = [_limited(one) for one in plans]
    dollars = [one.total.new_usd for one in plans]
    calls = None if None in limited else sum(one for one in limited if one is not None)
    usd = None if None in dollars else sum(one for one in dollars if one is not None)
    return Bound(len(plans), calls, usd, plans)


def _limited(one: Plan) -> int | None:
    known = [calls for calls in (one.total.new, one.limit) if calls is not None]
    return min(known) if known else None


async def run_cells(
    cells: Sequence[Cell], *, observer: RunObserver | None = None, say: Callable[[str], None] = lambda text: None
) -> dict[str, Path | str]:
    """Run `cells` one after another. Return the run folder of each by its key, or the error of one that failed.

    A failed cell does not stop the others, except when the cache fails. `say` gets a line before each cell.
    """
    found: dict[str, Path | str] = {}
    known = {cell.key: (number, cell) for number, cell in enumerate(cells, 1)}

    def tell(event: CellEvent) -> None:
        if isinstance(event, CellStart):
            number, cell = known[event.key]
            say(f"{number}/{len(cells)}  {cell.row} on {task_name(cell.task)}, seed {cell.seed}")
        elif isinstance(event, CellEnd):
            found[event.key] = event.run or event.why
            if event.state == "failed":
                say(f"failed: {event.why}")

    await InProcess(observer=observer).run(cells, tell=tell)
    return found
