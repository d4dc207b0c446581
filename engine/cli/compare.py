"""`compare`: run optimizers on tasks and seeds, and say which differ."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import Json, Params, Patches, Plugins
from promptwire.cli.compare_output import Chart, ChartAxis, ComparisonChart, Form, Output, Show, Wanted, deliver
from promptwire.cli.confirm import DEFAULT_ABOVE, AskAbove, ConfirmPolicy, Yes
from promptwire.cli.interrupts import exit_at_once, exit_on_interrupt
from promptwire.cli.limit_flags import Limit
from promptwire.cli.output_file import Axis
from promptwire.cli.run_options import ApiBases, Cache, CacheUrl, Labels, LogTo, Metric, Models, Prompts, Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptwire.comparing.table import ComparisonTable
    from promptwire.options import Options
    from promptwire.sweeps.matrix import Cell

__all__ = ["compare"]


def compare(
    pipelines: Annotated[
        list[str],
        typer.Argument(
            help="Pipelines, each a name or a file, or with settings of its own: 'ape -p n=5'. With --runs: run folders."
        ),
    ],
    task: Annotated[list[str] | None, typer.Option(help="Task; repeat it for several.")] = None,
    seeds: Annotated[str, typer.Option(metavar="N", help="Number of seeds, from 0 on, or the seeds themselves: 3,4,5.")] = "3",
    runs: Annotated[bool, typer.Option("--runs", help="Compare run folders that exist; nothing is run.")] = False,
    baseline: Annotated[
        bool, typer.Option("--baseline/--no-baseline", help="Add random-search with as many task calls as the others.")
    ] = True,
    to: Output = None,
    form: Form = None,
    chart: Chart = ComparisonChart.curves,
    axis: ChartAxis = Axis.calls,
    show: Show = False,
    model: Models = None,
    api_base: ApiBases = None,
    param: Params = None,
    patch: Patches = None,
    limit: Limit = None,
    prompt: Prompts = None,
    metric: Metric = None,
    labels: Labels = None,
    template: Template = None,
    cache: Cache = "use",
    cache_url: CacheUrl = None,
    plugins: Plugins = None,
    yes: Yes = False,
    ask_above: AskAbove = DEFAULT_ABOVE,
    json_: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    log_to: LogTo = None,
) -> None:
    """Compare optimizers on the same tasks and seeds. Runs that are there are not made again; --limit holds for each run."""
    from promptwire.cli.run_options import parse_lists, parse_options, task_changes
    from promptwire.comparing.folders import read_folders
    from promptwire.comparing.table import make_table

    wanted = Wanted(form=form, to=to, json=json_, chart=chart, axis=axis, show=show)
    wanted.check()
    if runs:
        found, notes = read_folders([Path(folder) for folder in pipelines])
        deliver(make_table(found, notes), wanted)
        return
    fields: dict[str, Any] = {
        **parse_lists(model, api_base, param, patch, limit),
        "task": task_changes(prompt, metric, template, labels),
        "cache": cache,
        "cache_url": cache_url,
    }
    options = parse_options(fields)
    cells = _matrix(pipelines, task or [], _seeds(seeds), options, baseline=baseline)
    policy = ConfirmPolicy(yes, ask_above)
    deliver(_run(cells, policy, quiet=quiet or json_, cache=options.cache, sinks=log_to or ()), wanted)


def _matrix(
    pipelines: Sequence[str], tasks: Sequence[str], seeds: Sequence[int], options: Options, *, baseline: bool
) -> tuple[Cell, ...]:
    """The cells, with those of the search baseline."""
    from promptwire.sweeps.baseline import with_baseline
    from promptwire.sweeps.matrix import make_matrix, parse_row

    rows = [parse_row(text) for text in pipelines]
    cells = make_matrix(rows, tasks, seeds, options)
    return with_baseline(cells) if baseline else cells


def _run(cells: Sequence[Cell], policy: ConfirmPolicy, *, quiet: bool, cache: str, sinks: Sequence[str]) -> ComparisonTable:
    """Run the cells that are not there, after their common bound was shown and approved."""
    from promptwire.cli.confirm_bound import approve_bound
    from promptwire.cli.console import console, safe_text
    from promptwire.cli.progress import ProgressDisplay
    from promptwire.comparing.cell_results import results
    from promptwire.comparing.table import make_table
    from promptwire.gateway.idle_loop import run_loop
    from promptwire.sweeps.bound import bound_of
    from promptwire.sweeps.execution import run_cells, split_done
    from promptwire.sweeps.sending import entry_of, sending_cells

    known, missing = split_done(cells)
    found: dict[str, Path | str] = dict(known)
    if missing:
        bound = bound_of(missing)
        there = f"; {len(known)} are there" if known else ""
        approve_bound(bound, f"{bound.cells} runs to make{there}", policy)
    errors = console(stderr=True)
    display = None if quiet or not missing else ProgressDisplay(errors)

    def warn(text: str) -> None:
        errors.print(safe_text(text), soft_wrap=True)

    with sending_cells(sinks, **entry_of(cells), known=known.values(), say=warn) as also:
        work = run_cells(missing, observer=display, say=display.say if display else lambda text: None, also=also)
        with exit_on_interrupt(cached=cache != "off"), display.drawing() if display else nullcontext():
            found |= run_loop(work, leave=exit_at_once)
    return make_table(list(results(cells, found)))


def _seeds(text: str) -> Sequence[int]:
    """Seeds of `5` (0 to 4) or `3,4,5`. Raises UsageError."""
    from promptwire.errors import UsageError

    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"--seeds {text!r} is neither a number nor a list of numbers") from error
    seeds: Sequence[int] = numbers if "," in text else range(numbers[0])
    if not seeds or ("," in text and (min(seeds) < 0 or len(set(seeds)) < len(seeds))):
        raise UsageError(f"--seeds {text!r} names no seeds", hint="give their number, or different seeds of at least 0: 3,4,5")
    return seeds
