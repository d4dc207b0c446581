"""Export a finished run: make a form's files, put them in place, read them back and compare their requests with the run's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from promptwire.errors import RunError, UsageError
from promptwire.exporting.equality import compare_requests
from promptwire.exporting.exported import Which, exported
from promptwire.exporting.forms.table import find_form
from promptwire.exporting.result import Export
from promptwire.gateway.idle_loop import run_anywhere
from promptwire.options import Options
from promptwire.planning.dry_run import ApproveCost
from promptwire.results.report import Report
from promptwire.results.run import Run
from promptwire.results.run_list import find_run

__all__ = ["export", "write_export"]


def export(
    run: Run | Report | Path | str,
    to: str,
    out: Path | str | None = None,
    *,
    prompt: Which = "best",
    force: bool = False,
    verify: bool = False,
    tracking_uri: str | None = None,
    options: Options | None = None,
    approve: ApproveCost | None = None,
) -> Export:
    """Write the best or the initial prompt of `run` in the form `to`, and compare its requests with those of the run.

    `run` is a run folder or its name, an opened run, or the report that `promptwire.run` returned. `out` is the file or folder
    to write; the default is a name in the working folder. Without `force`, nothing is replaced. `tracking_uri` is the address
    of the registry for `mlflow`; by default that of MLFLOW_TRACKING_URI.

    With `verify`, the held-out examples are scored again through the written form, with the run's model or that of `options`.
    Equal requests come from the cache. `approve` gets the plan before the first new call, and may refuse.

    Raises UsageError for an unknown form and for a file that exists already, RunError for a run that can't be exported, and
    with `verify` what a run raises.
    """
    made = write_export(run, to, out, prompt=prompt, force=force, tracking_uri=tracking_uri)
    if not verify:
        return made
    from promptwire.exporting.verification import verify_async  # noqa: PLC0415 - an export without it loads no model

    return replace(made, verification=run_anywhere(verify_async(made, options or Options(), approve=approve)))


def write_export(
    run: Run | Report | Path | str,
    to: str,
    out: Path | str | None = None,
    *,
    prompt: Which = "best",
    force: bool = False,
    tracking_uri: str | None = None,
) -> Export:
    """Write the export and compare its requests; see `export`. No call is made."""
    form = find_form(to)
    if prompt not in ("best", "initial"):
        raise UsageError(f"there is no prompt {prompt!r}", where="--prompt", hint="write best or initial")
    form.address = tracking_uri
    source = exported(_opened(run), prompt)
    written = form.write(source)
    placed = form.place(source, written, None if out is None else str(out), force=force)
    reader = form.reader(form.placed(placed, written))
    try:
        requests = compare_requests(source, reader)
    except KeyError as error:
        raise RunError(f"an example lacks the field {error.args[0]!r}", where=str(source.run.folder)) from error
    return Export(source.run.name, to, prompt, placed.target, placed.names, written.told, requests, source, form, reader)


def _opened(run: Run | Report | Path | str) -> Run:
    if isinstance(run, Run):
        return run
    return Run.open(find_run(run.run if isinstance(run, Report) else str(run)))
