"""`sweep`: run a matrix of pipelines, tasks, models and seeds from a file."""

from __future__ import annotations

import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import Json, Plugins
from promptwire.cli.compare_output import Chart, ChartAxis, ComparisonChart, Form, Output, Show, Wanted, deliver
from promptwire.cli.confirm import DEFAULT_ABOVE, AskAbove, ConfirmPolicy, Yes
from promptwire.cli.interrupts import exit_at_once, exit_on_interrupt
from promptwire.cli.output_file import Axis
from promptwire.cli.run_options import Cache, CacheUrl, LogTo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promptwire.sweeps.bound import Bound
    from promptwire.sweeps.matrix import Cell
    from promptwire.sweeps.runner import CellEnd, CellEvent, Runner, Tell
    from promptwire.sweeps.sweep_file import Sweep
    from promptwire.sweeps.sweep_log import SweepLog

__all__ = ["sweep"]


def sweep(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The sweep file.")],
    on: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="Where cells run: here, here:4 (four at once), on Dask local:4 (four workers), tcp://HOST:8786, or its file.",
        ),
    ] = "here",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only cells of this pipeline, task, model or 'seed 0'; * and ? match. Repeat it."),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run cells again that failed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the cells and their bound. Nothing is run.")] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Show the table of what is there, also while the sweep runs. Nothing is run.")
    ] = False,
    to: Output = None,
    form: Form = None,
    chart: Chart = ComparisonChart.curves,
    axis: ChartAxis = Axis.calls,
    show: Show = False,
    plugins: Plugins = None,
    cache: Cache = "use",
    cache_url: CacheUrl = None,
    yes: Yes = False,
    ask_above: AskAbove = DEFAULT_ABOVE,
    json_: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    log_to: LogTo = None,
) -> None:
    """Run pipelines on tasks, models and seeds from a file. Cells with a result are not run again; the same command goes on."""
    from promptwire.cli.run_options import parse_options
    from promptwire.cli.sweep_text import head_lines, print_dry_run
    from promptwire.comparing.sweep import sweep_table
    from promptwire.sweeps.execution import chosen, to_run
    from promptwire.sweeps.places import find_runner
    from promptwire.sweeps.sending import sending_cells
    from promptwire.sweeps.sweep_file import read_sweep
    from promptwire.sweeps.sweep_log import SweepLog

    wanted = Wanted(form=form, to=to, json=json_, chart=chart, axis=axis, show=show)
    wanted.check()
    read = read_sweep(file, cache=parse_options({"cache": cache}).cache, cache_url=cache_url)
    _refuse_unnamed(plugins or (), read)
    cells, log, runner = chosen(read.cells, only or ()), SweepLog(read.name), find_runner(on, read)
    standings = log.standings(cells)
    missing = to_run(cells, standings, retry_failed=retry_failed)
    for line in head_lines(read, cells, standings) if not json_ else ():
        sys.stderr.write(f"{line}\n")
    if dry_run:
        print_dry_run(cells, standings, _bound(read, missing), json_=json_)
        return
    ends: Mapping[str, CellEnd] = {}
    known = [one.run for one in standings.values() if one.has_result and one.run is not None]
    sinks = () if table else log_to or ()
    with sending_cells(sinks, f"sweep {read.name}", identity=f"sweep {read.id}", known=known, say=_warn) as also:
        if missing and not table:
            with log.writing():
                # Another command may have ended some of them since.
                missing = to_run(cells, log.standings(cells), retry_failed=retry_failed)
                how: dict[str, Any] = {"policy": ConfirmPolicy(yes, ask_above), "cached": cache != "off", "also": also}
                ends = _run(read, missing, runner, log=log, quiet=quiet or json_, **how)
    deliver(sweep_table(cells, log), wanted)
    if not table:
        _end(file, cells, log, ends)


def _warn(text: str) -> None:
    from promptwire.cli.console import console, safe_text

    console(stderr=True).print(safe_text(text), soft_wrap=True)


def _refuse_unnamed(plugins: Sequence[str], sweep: Sweep) -> None:
    """Raise UsageError for a plug-in that the sweep file does not name: the keys of cells would not hold its code."""
    from promptwire.errors import UsageError

    known = {Path(file).resolve() for file in sweep.cells[0].plugins}
    for file in plugins:
        if Path(file).resolve() not in known:
            hint = f"add it to 'plugins' in {sweep.file}: a cell is run anew when its code changes"
            raise UsageError(f"the sweep file does not name the plug-in {file}", where="--plugins", hint=hint)


def _bound(sweep: Sweep, missing: Sequence[Cell]) -> Bound | None:
    """The bound of the missing cells; None when there are none."""
    from promptwire.cli.console import console
    from promptwire.sweeps.bound import bound_of, within
    from promptwire.sweeps.sweep_account import limits_left

    if not missing:
        return None
    errors = console(stderr=True)
    # Planning takes a while for many cells, or for long searches that the cache holds.
    with errors.status(f"counting the calls of {len(missing):,} cells") if errors.is_terminal else nullcontext():
        return within(bound_of(missing, sweep.plan), limits_left(sweep))


def _run(
    sweep: Sweep,
    missing: Sequence[Cell],
    runner: Runner,
    *,
    log: SweepLog,
    policy: ConfirmPolicy,
    quiet: bool,
    cached: bool,
    also: Tell,
) -> Mapping[str, CellEnd]:
    """Run the missing cells after their common bound was shown and approved. Returns the end of each by its key."""
    from promptwire.cli.confirm_bound import approve_bound
    from promptwire.cli.console import console
    from promptwire.cli.sweep_progress import SweepDisplay
    from promptwire.gateway.idle_loop import run_loop
    from promptwire.sweeps.execution import run_sweep

    bound = _bound(sweep, missing)
    if bound is None:
        return {}
    number = "1 cell" if len(missing) == 1 else f"{len(missing):,} cells"
    approve_bound(bound, f"{number} to run in {runner.describe()}", policy, tokens=True)
    display = SweepDisplay(console(stderr=True), missing, bound.by_cell)

    def tell(event: CellEvent) -> None:
        also(event)
        if not quiet:
            display.tell(event)

    work = run_sweep(missing, runner, log, tell=tell)
    with exit_on_interrupt(cached=cached), nullcontext() if quiet else display.drawing():
        return run_loop(work, leave=exit_at_once)


def _end(file: str, cells: Sequence[Cell], log: SweepLog, ends: Mapping[str, CellEnd]) -> None:
    """Say what is left to do, and exit with 1 when cells failed, now or before, or were stopped."""
    states: list[str] = [end.state for end in ends.values()]
    states += [known.state for key, known in log.standings(cells).items() if key not in ends]
    failed, stopped = states.count("failed"), sum(end.state == "stopped" for end in ends.values())
    if failed:
        number = "1 cell" if failed == 1 else f"{failed} cells"
        sys.stderr.write(f"{number} failed; run again with: promptwire sweep {shlex.quote(file)} --retry-failed\n")
    if stopped:
        number = "1 cell was" if stopped == 1 else f"{stopped} cells were"
        why = "; ".join(dict.fromkeys(end.why.split(";")[0] for end in ends.values() if end.state == "stopped" and end.why))
        sys.stderr.write(f"{number} stopped ({why}); the same command goes on with them\n")
    if failed or stopped:
        raise typer.Exit(1)
