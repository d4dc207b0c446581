"""Comparison of optimizers from Python: run what is not there yet, and give the table as a value."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from promptwire.comparing.cell_results import results
from promptwire.comparing.folders import read_folders
from promptwire.comparing.table import ComparisonTable, make_table, with_curves
from promptwire.gateway.idle_loop import run_anywhere
from promptwire.options import Options
from promptwire.running.observer import RunObserver
from promptwire.sweeps.baseline import with_baseline
from promptwire.sweeps.bound import Bound, bound_of
from promptwire.sweeps.execution import run_cells, split_done
from promptwire.sweeps.matrix import make_matrix, parse_row
from promptwire.sweeps.sending import entry_of, sending_cells
from promptwire.tasks.task import Task

__all__ = ["compare", "compare_async", "compare_runs"]


def compare(
    pipelines: str | Sequence[str],
    tasks: str | Task | Sequence[str | Task],
    options: Options | None = None,
    *,
    seeds: int | Iterable[int] = 3,
    baseline: bool = True,
    observer: RunObserver | None = None,
    approve: Callable[[Bound], None] | None = None,
    sinks: str | Sequence[str] = (),
) -> ComparisonTable:
    """Run `pipelines` on `tasks` with all `seeds` and say which of them differ; see `compare_async`.

    Inside a running event loop, such as a notebook's, it works in a thread and blocks that loop until it ends.
    """
    return run_anywhere(
        compare_async(
            pipelines, tasks, options, seeds=seeds, baseline=baseline, observer=observer, approve=approve, sinks=sinks
        )
    )


async def compare_async(
    pipelines: str | Sequence[str],
    tasks: str | Task | Sequence[str | Task],
    options: Options | None = None,
    *,
    seeds: int | Iterable[int] = 3,
    baseline: bool = True,
    observer: RunObserver | None = None,
    approve: Callable[[Bound], None] | None = None,
    sinks: str | Sequence[str] = (),
) -> ComparisonTable:
    """Run `pipelines` on `tasks` with all `seeds` and say which of them differ.

    A pipeline is written as for `promptwire compare`: a name, a file, or either with settings of its own, `"ape -p n=5"`. A
    number of `seeds` stands for the seeds from 0 on. `options` hold for each run; their seed is not used. Runs that are in the
    runs folder are not made again. `baseline` adds `random-search`. `approve` gets the bound of all missing runs before the
    first one, and may refuse by an error. `sinks` get each result: `mlflow[:URI]`, `otel[:ENDPOINT]`.

    A run that fails does not stop the others: it is a missing cell. Raises UsageError, PipelineError or DataError for what
    can't run, before anything is spent, and CacheError while running.
    """
    rows = [parse_row(text) for text in ([pipelines] if isinstance(pipelines, str) else pipelines)]
    named = [tasks] if isinstance(tasks, str | Task) else list(tasks)
    chosen = options or Options()
    cells = make_matrix(rows, named, range(seeds) if isinstance(seeds, int) else list(seeds), chosen)
    cells = with_baseline(cells) if baseline else cells
    known, missing = split_done(cells)
    found: dict[str, Path | str] = dict(known)
    if missing and approve is not None:
        approve(bound_of(missing))
    say = observer.say if observer is not None else warnings.warn
    with sending_cells(sinks, **entry_of(cells), known=known.values(), say=say) as also:
        found |= await run_cells(missing, observer=observer, also=also)
    return with_curves(make_table(list(results(cells, found))))


def compare_runs(folders: Iterable[Path | str]) -> ComparisonTable:
    """Compare run folders that exist, whatever made them. Raises UsageError when none of them is a run with a result."""
    return with_curves(make_table(*read_folders([Path(folder) for folder in folders])))
