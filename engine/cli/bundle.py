"""`bundle`: write a run as one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from promptwire.cli.arguments import Run

__all__ = ["bundle"]


def bundle(
    run: Run,
    to: Annotated[Path | None, typer.Option(help="File to write. Default: RUN.bundle.jsonl.")] = None,
    data: Annotated[
        bool, typer.Option("--data/--no-data", help="Include the task's examples. Without them, a replay needs the task.")
    ] = False,
) -> None:
    """Write a run to one file, for `promptwire replay`. It holds the pipeline, templates and completions."""
    from promptwire.bundles.writer import write_bundle
    from promptwire.options import cache_folder
    from promptwire.results.run_list import find_run

    folder = find_run(run)
    target = to or Path(f"{folder.absolute().name}.bundle.jsonl")
    withheld = write_bundle(folder, cache_folder(), target, data=data)
    command = f"promptwire replay {target}" + (" --task TASK: the bundle does not hold your task's data" if withheld else "")
    sys.stdout.write(f"{target}: {target.stat().st_size / 1e6:.1f} MB; {command}\n")
