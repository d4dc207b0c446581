"""Sends the results of cells to MLflow or OpenTelemetry, as they end, wherever they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from promptwire.sinks.many_runs import ManyRuns
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.runner import CellEnd, CellEvent, Tell
from promptwire.values.hashing import digest

__all__ = ["entry_of", "sending_cells"]


def entry_of(cells: Sequence[Cell]) -> dict[str, str]:
    """Title and identity of the entry above the runs of a comparison: what is compared, and a hash of all its cells."""
    rows, tasks = (dict.fromkeys(getattr(cell, name) for cell in cells) for name in ("row", "task_name"))
    identity = f"comparison {digest(sorted(cell.key for cell in cells))}"
    return {"title": f"compare {', '.join(rows)} on {', '.join(tasks)}", "identity": identity}


@contextmanager
def sending_cells(
    sinks: str | Sequence[str], title: str, *, identity: str, known: Iterable[Path], say: Callable[[str], None]
) -> Iterator[Tell]:
    """Send results of cells until the block ends: the `known` ones, and those whose ends the given function is told.

    `title` and `identity` name the entry above them. `say` gets a warning for each sink that failed. Raises UsageError for a
    sink that is none.
    """
    runs = ManyRuns([sinks] if isinstance(sinks, str) else list(sinks), title, identity)
    for folder in known:
        runs.add(folder, before=True)

    def tell(event: CellEvent) -> None:
        if isinstance(event, CellEnd) and event.has_result and event.run is not None:
            runs.add(event.run)

    stopped = False
    try:
        yield tell
    except BaseException as error:
        stopped = not isinstance(error, Exception)
        raise
    finally:
        for text in runs.close(stopped=stopped):
            say(f"warning: {text}")
