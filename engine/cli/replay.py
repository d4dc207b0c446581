"""`replay`: run a bundle again, from its completions alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from promptwire.cli.arguments import Json, Plugins

__all__ = ["replay"]


def replay(
    bundle: Annotated[Path, typer.Argument(help="A file that `promptwire bundle` wrote.")],
    plugins: Plugins = None,
    task: Annotated[str | None, typer.Option(help="The task, for a bundle without its data.")] = None,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep the run folder of the replay here: what each step gave.")
    ] = None,
    json_: Json = False,
) -> None:
    """Run a bundle again from its completions alone. Exits with 7 if the results differ."""
    from promptwire.bundles.replay import replay as replay_bundle
    from promptwire.cli.console import console
    from promptwire.cli.report_text import print_report

    report = replay_bundle(bundle, task, keep=keep.absolute() if keep else None)
    if json_:
        sys.stdout.write(report.to_json() + "\n")
    else:
        print_report(report, console())
        sys.stdout.write("the results equal those in the bundle\n")
