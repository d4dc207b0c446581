"""Run the cells of a matrix or of a sweep that have no result yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from promptwire.errors import RunError, UsageError, suggest
from promptwire.options import runs_folder
from promptwire.running.observer import RunObserver
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.runner import CellEnd, CellEvent, CellStart, Runner, RunnerNote, Tell
from promptwire.sweeps.sweep_log import CellStanding, SweepLog

__all__ = ["chosen", "run_cells", "run_sweep", "split_done", "to_run"]


def split_done(cells: Sequence[Cell]) -> tuple[dict[str, Path], tuple[Cell, ...]]:
    """Folders of the cells that were run, by key, and the cells that were not."""
    known = done_cells(runs_folder())
    return {cell.key: known[cell.key] for cell in cells if cell.key in known}, tuple(
        cell for cell in cells if cell.key not in known
    )


async def run_cells(
    cells: Sequence[Cell],
    *,
    observer: RunObserver | None = None,
    say: Callable[[str], None] = lambda text: None,
    also: Tell = lambda event: None,
) -> dict[str, Path | str]:
    """Run `cells` one after another. Return the run folder of each by its key, or the error of one that failed.

    A failed cell does not stop the others, except when the cache fails. `say` gets a line before each cell, `also` each event.
    """
    found: dict[str, Path | str] = {}
    known = {cell.key: (number, cell) for number, cell in enumerate(cells, 1)}

    def tell(event: CellEvent) -> None:
        also(event)
        if isinstance(event, CellStart):
            number, cell = known[event.key]
            say(f"{number}/{len(cells)}  {cell.title}")
        elif isinstance(event, CellEnd):
            found[event.key] = event.run or event.why
            if event.state == "failed":
                say(f"failed: {event.why}")

    await InProcess(observer=observer).run(cells, tell=tell)
    return found


def chosen(cells: Sequence[Cell], patterns: Sequence[str]) -> tuple[Cell, ...]:
    """The cells that match one of `patterns`; all without patterns.

    A pattern is a text with `*` and `?`. It matches the pipeline, the task or the model as they are called in tables, the
    title of a cell such as `ape on mood, seed 0`, or the beginning of its key. Raises UsageError when no cell matches.
    """
    if not patterns:
        return tuple(cells)
    found = tuple(cell for cell in cells if any(_matches(cell, pattern) for pattern in patterns))
    if not found:
        known = dict.fromkeys(name for cell in cells for name in (cell.row, cell.task_name, cell.model) if name)
        hint = suggest(patterns[0], known, noun="pipelines, tasks and models")
        raise UsageError(f"no cell matches {' or '.join(map(repr, patterns))}", hint=hint)
    return found


def _matches(cell: Cell, pattern: str) -> bool:
    plain = pattern.replace("[", "[[]")  # names may hold brackets
    names = (cell.row, cell.row.partition(" @ ")[0], cell.task_name, cell.model, cell.title, f"seed {cell.seed}")
    is_key = len(pattern) >= 6 and cell.key.startswith(pattern)
    return is_key or any(fnmatchcase(name, plain) for name in names if name)


def to_run(cells: Sequence[Cell], standings: Mapping[str, CellStanding], *, retry_failed: bool = False) -> tuple[Cell, ...]:
    """The cells without a result. One that failed before is left out unless `retry_failed`."""
    skipped = () if retry_failed else ("failed",)
    return tuple(cell for cell in cells if not (standings[cell.key].has_result or standings[cell.key].state in skipped))


async def run_sweep(cells: Sequence[Cell], runner: Runner, log: SweepLog, *, tell: Tell) -> dict[str, CellEnd]:
    """Run `cells` by `runner`, and return the end of each by its key. `log` is open for writing; `tell` gets each event too.

    Raises what `Runner.prepare` and `Runner.run` raise.
    """
    known = {cell.key: cell for cell in cells}
    ends: dict[str, CellEnd] = {}

    def told(event: CellEvent) -> None:
        if isinstance(event, CellEnd):
            ends[event.key] = event
        tell(event)
        if isinstance(event, CellStart | CellEnd):
            try:
                log.add(event, known[event.key])
            except RunError as error:  # the results are in the run folders: the sweep goes on
                tell(RunnerNote(f"warning: the log of the sweep {error}"))

    try:
        await runner.prepare(cells)
        await runner.run(cells, tell=told)
    finally:
        await runner.close()
    return ends
