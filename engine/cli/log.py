"""`log`: send runs that are over to MLflow or OpenTelemetry."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

__all__ = ["log"]


def log(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help="Run folders, their names, unique beginnings of names, or `last`."),
    ],
    to: Annotated[list[str], typer.Option("--to", metavar="SINK", help="mlflow[:URI] or otel[:ENDPOINT]. Repeat it for both.")],
) -> None:
    """Send finished runs to MLflow or OpenTelemetry.

    Also those that a server had missed. A run that is sent again is there once.
    """
    from promptwire.errors import UsageError
    from promptwire.results.run import Run
    from promptwire.results.run_list import find_run
    from promptwire.sinks.addresses import make_sinks
    from promptwire.sinks.feed import send_run

    opened = [Run.open(find_run(name)) for name in runs]
    make_sinks(to)  # a wrong name is refused before anything is sent
    for run in opened:
        if run.state.kind == "at work":
            raise UsageError(
                f"the run {run.name} is still at work", hint="send it when it has ended: promptwire watch follows it"
            )
    for run in opened:
        for sink in make_sinks(to):
            send_run(sink, run.folder)
            sys.stdout.write(f"{run.name} is in {sink.target}\n")
