"""Sweep from Python: run the cells that have no result yet, and give the table of all as a value."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from promptwire.cache.policy import CachePolicy
from promptwire.comparing.cell_results import standing_results
from promptwire.comparing.table import ComparisonTable, make_table, with_curves
from promptwire.gateway.idle_loop import run_anywhere
from promptwire.sweeps.bound import Bound, bound_of, within
from promptwire.sweeps.execution import chosen, run_sweep, to_run
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.places import HERE, find_runner
from promptwire.sweeps.runner import CellEvent, Runner, Tell
from promptwire.sweeps.sending import sending_cells
from promptwire.sweeps.sweep_account import limits_left
from promptwire.sweeps.sweep_file import read_sweep
from promptwire.sweeps.sweep_log import SweepLog

__all__ = ["sweep", "sweep_async", "sweep_table"]


def sweep(
    source: str | Path | Mapping[str, Any],
    *,
    on: str | Runner | Any = HERE,
    only: str | Sequence[str] = (),
    retry_failed: bool = False,
    cache: CachePolicy = "use",
    cache_url: str | None = None,
    approve: Callable[[Bound], None] | None = None,
    tell: Tell | None = None,
    sinks: str | Sequence[str] = (),
) -> ComparisonTable:
    """Run the sweep of a file, or of its contents, and say which of its pipelines differ; see `sweep_async`.

    Inside a running event loop, such as a notebook's, it works in a thread and blocks that loop until it ends.
    """
    told: dict[str, Any] = {
        "only": only,
        "retry_failed": retry_failed,
        "cache": cache,
        "cache_url": cache_url,
        "approve": approve,
        "tell": tell,
        "sinks": sinks,
    }
    return run_anywhere(sweep_async(source, on=on, **told))


async def sweep_async(
    source: str | Path | Mapping[str, Any],
    *,
    on: str | Runner | Any = HERE,
    only: str | Sequence[str] = (),
    retry_failed: bool = False,
    cache: CachePolicy = "use",
    cache_url: str | None = None,
    approve: Callable[[Bound], None] | None = None,
    tell: Tell | None = None,
    sinks: str | Sequence[str] = (),
) -> ComparisonTable:
    """Run the sweep of a file, or of its contents, and say which of its pipelines differ.

    Cells with a result are not run again, and those that failed before only with `retry_failed`. `on` is where the cells run,
    as for `promptwire sweep --on`, a client of Dask, or a runner of your own. `only` are patterns of cells. `cache` and
    `cache_url` are options of all runs. `approve` gets the bound of all cells to run before the first one, and may refuse by an
    error. `tell` gets the events of the cells. `sinks` get each result: `mlflow[:URI]`, `otel[:ENDPOINT]`.

    A cell that fails does not stop the others. Raises PipelineError, DataError or UsageError for what can't run, before
    anything is spent, and CacheError while running.
    """
    read = read_sweep(source, cache=cache, cache_url=cache_url)
    cells = chosen(read.cells, (only,) if isinstance(only, str) else only)
    log = SweepLog(read.name)
    standings = log.standings(cells)
    missing = to_run(cells, standings, retry_failed=retry_failed)
    known = [one.run for one in standings.values() if one.has_result and one.run is not None]
    entry = {"title": f"sweep {read.name}", "identity": f"sweep {read.id}"}
    runner = find_runner(on, read) if missing else None
    with sending_cells(sinks, **entry, known=known, say=warnings.warn) as also, log.writing() if missing else nullcontext():
        # Another process may have ended some of them since.
        missing = to_run(cells, log.standings(cells), retry_failed=retry_failed) if missing else ()
        if missing and runner is not None:
            bound = within(bound_of(missing, read.plan), limits_left(read))
            if approve is not None:
                approve(bound)
            await run_sweep(missing, runner, log, tell=_both(tell, also))
    return with_curves(sweep_table(cells, log))


def _both(first: Tell | None, second: Tell) -> Tell:
    def tell(event: CellEvent) -> None:
        if first is not None:
            first(event)
        second(event)

    return tell


def sweep_table(cells: Sequence[Cell], log: SweepLog) -> ComparisonTable:
    """The table of `cells` as far as they are. Nothing is run."""
    return make_table(list(standing_results(cells, log.standings(cells))))
