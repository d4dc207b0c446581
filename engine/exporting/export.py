"""Export a finished run: make a form's files, put them in place, read them back and compare their requests with the run's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from promptwire.errors import RunError, UsageError
from promptwire.exporting.equality import Requests, compare_requests
from promptwire.exporting.exported import Exported, Which, exported
from promptwire.exporting.form import Reader
from promptwire.exporting.forms.table import find_form
from promptwire.results.report import Report
from promptwire.results.run import Run
from promptwire.results.run_list import find_run

__all__ = ["Export", "export"]


@dataclass(frozen=True, slots=True)
class Export:
    """A written export."""

    run: str
    """Name of the run."""
    to: str
    """Name of the form."""
    prompt: Which
    """Which prompt of the run it holds."""
    target: str
    """The file, the folder, or the name in a registry."""
    files: tuple[str, ...]
    """All that was written."""
    told: tuple[str, ...]
    """What the form can't hold, or does otherwise."""
    requests: Requests
    """Its requests beside those of the run, for the held-out examples."""
    source: Exported
    """What was exported."""
    reader: Reader
    """What the form sends for an example."""


def export(
    run: Run | Report | Path | str, to: str, out: Path | str | None = None, *, prompt: Which = "best", force: bool = False
) -> Export:
    """Write the best or the initial prompt of `run` in the form `to`, and compare its requests with those of the run.

    `run` is a run folder or its name, an opened run, or the report that `promptwire.run` returned. `out` is the file or folder
    to write; the default is a name in the working folder. Without `force`, nothing is replaced. No call is made.

    Raises UsageError for an unknown form and for a file that exists already, RunError for a run that can't be exported.
    """
    form = find_form(to)
    if prompt not in ("best", "initial"):
        raise UsageError(f"there is no prompt {prompt!r}", where="--prompt", hint="write best or initial")
    source = exported(_opened(run), prompt)
    written = form.write(source)
    placed = form.place(source, written, None if out is None else str(out), force=force)
    reader = form.reader(form.placed(placed, written))
    try:
        requests = compare_requests(source, reader)
    except KeyError as error:
        raise RunError(f"an example lacks the field {error.args[0]!r}", where=str(source.run.folder)) from error
    return Export(source.run.name, to, prompt, placed.target, placed.names, written.told, requests, source, reader)


def _opened(run: Run | Report | Path | str) -> Run:
    if isinstance(run, Run):
        return run
    return Run.open(find_run(run.run if isinstance(run, Report) else str(run)))
