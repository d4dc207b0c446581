"""`watch`: follow a run that works in another terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json, Run

if TYPE_CHECKING:
    from rich.console import Console

    from promptwire.results.follow import Follower
    from promptwire.results.run import Run as OpenedRun

__all__ = ["watch"]

_PAUSE = 0.5
"""Seconds between two looks at the folder."""
_LINE = 10.0
"""Seconds between two plain lines where there is no terminal."""


def watch(
    run: Run = "last",
    json_: Json = False,
    once: Annotated[bool, typer.Option("--once", help="Show where it is now and end.")] = False,
) -> None:
    """Follow a run from another terminal, and end with it. Without RUN: the last one."""
    from promptwire.cli.console import console
    from promptwire.results.follow import Follower
    from promptwire.results.run import Run as OpenedRun
    from promptwire.results.run_list import find_run

    opened = OpenedRun.open(find_run(run))
    follower = Follower(opened)
    if json_:
        _print_json_lines(opened, follower, once=once)
        return
    out = console(stderr=True)
    if not once:
        _follow(opened, follower, out)
    elif _goes_on(opened, follower):
        _print_block(follower, out)
    _print_end(opened, once=once)


def _follow(run: OpenedRun, follower: Follower, out: Console) -> None:
    """Draw until the run has ended; without a terminal, print a line from time to time."""
    from rich.live import Live

    from promptwire.cli.console import safe_text
    from promptwire.cli.progress_text import progress_block
    from promptwire.results.progress_lines import progress_line

    if out.is_terminal:
        with Live(console=out, transient=True, auto_refresh=False) as live:
            while _goes_on(run, follower):
                live.update(progress_block(follower.view(), out.width), refresh=True)
                time.sleep(_PAUSE)
        return
    printed = 0.0
    while _goes_on(run, follower):
        if time.monotonic() - printed >= _LINE:
            printed = time.monotonic()
            out.print(safe_text(progress_line(follower.view()), style="dim"), soft_wrap=True)
        time.sleep(_PAUSE)


def _goes_on(run: OpenedRun, follower: Follower) -> bool:
    """Read what is new. Whether the run is at work; its last lines are read after it has ended."""
    working = run.state.kind == "at work"
    follower.read()
    return working


def _print_block(follower: Follower, out: Console) -> None:
    from promptwire.cli.progress_text import progress_block

    out.print(progress_block(follower.view(), out.width))


def _print_end(run: OpenedRun, *, once: bool) -> None:
    """Print the report, or how the run ended."""
    from promptwire.cli.console import console
    from promptwire.cli.run_text import print_run
    from promptwire.results.run import Run as OpenedRun

    if not (once and run.state.kind == "at work"):
        print_run(OpenedRun.open(run.folder), console())


def _print_json_lines(run: OpenedRun, follower: Follower, *, once: bool) -> None:
    """Print each event as a line of JSON, and at last the state of the run."""
    from promptwire.cli.json_output import print_json

    while True:
        working = run.state.kind == "at work"
        for event in follower.read():
            print_json(event)
        sys.stdout.flush()
        if once or not working:
            break
        time.sleep(_PAUSE)
    print_json({"event": "state", "run": str(run.folder), "state": run.state})
