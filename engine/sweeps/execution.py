"""Run the cells of a matrix that are not there yet, one after another, with the shared cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from promptwire.options import runs_folder
from promptwire.running.observer import RunObserver
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.runner import CellEnd, CellEvent, CellStart

__all__ = ["run_cells", "split_done"]


def split_done(cells: Sequence[Cell]) -> tuple[dict[str, Path], tuple[Cell, ...]]:
    """Folders of the cells that were run, by key, and the cells that were not."""
    known = done_cells(runs_folder())
    return {cell.key: known[cell.key] for cell in cells if cell.key in known}, tuple(
        cell for cell in cells if cell.key not in known
    )


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
            say(f"{number}/{len(cells)}  {cell.title}")
        elif isinstance(event, CellEnd):
            found[event.key] = event.run or event.why
            if event.state == "failed":
                say(f"failed: {event.why}")

    await InProcess(observer=observer).run(cells, tell=tell)
    return found
