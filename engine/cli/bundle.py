"""`promptwire bundle` and `promptwire replay`: a run as one file, and that file as a run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from promptwire.cli.arguments import Plugins

__all__ = ["bundle", "replay"]


def bundle(
    run: Annotated[Path, typer.Argument(help="A run folder, or its name in the runs folder.")],
    to: Annotated[Path | None, typer.Option(help="The new file; RUN.bundle.jsonl when left out.")] = None,
    data: Annotated[
        bool, typer.Option("--data/--no-data", help="Put the task's examples in; else a replay must be given the task.")
    ] = False,
) -> None:
    """Write one file with a run's pipeline, templates and answers, for `promptwire replay`."""
    from promptwire.bundles.writer import write_bundle
    from promptwire.options import cache_folder, runs_folder

    folder = run if os.path.isdir(run) else runs_folder() / run
    target = to or Path(f"{folder.name}.bundle.jsonl")
    withheld = write_bundle(folder, cache_folder(), target, data=data)
    about = f"promptwire replay {target}" + (" --task TASK: your task's data is not in it" if withheld else "")
    sys.stdout.write(f"{target}: {target.stat().st_size / 1e6:.1f} MB; {about}\n")


def replay(
    bundle: Annotated[Path, typer.Argument(help="A file that `promptwire bundle` wrote.")],
    plugins: Plugins = None,
    task: Annotated[str | None, typer.Option(help="The task, for a bundle without its data.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Make a bundled run again from its answers alone; ends with 7 when other numbers come out."""
    from promptwire.bundles.replay import replay as make_again
    from promptwire.cli.report_text import print_report, safe_console

    report = make_again(bundle, task)
    if json_:
        sys.stdout.write(report.to_json() + "\n")
    else:
        print_report(report, safe_console())
        sys.stdout.write("the same as in the bundle\n")
