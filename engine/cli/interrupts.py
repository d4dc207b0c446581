"""Ctrl-C during a run: the first one stops it, the second one ends the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

__all__ = ["exit_at_once", "exit_on_interrupt"]


@contextmanager
def exit_on_interrupt(*, cached: bool) -> Iterator[None]:
    """Exit with 130 on KeyboardInterrupt and say what is kept. Typer itself would exit without a message.

    `cached` says whether the run stores completions.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        kept = "completions so far are in the cache: the same command goes on from here"
        sys.stderr.write(f"stopped; {kept if cached else 'with --cache off nothing was kept'}\n")
        raise typer.Exit(130) from stop


def exit_at_once() -> None:
    """End the process as `kill` would. Requests in flight are lost; the cache is safe against that."""
    sys.stderr.write("left at once; requests in flight are lost, the rest is in the cache\n")
    sys.stderr.flush()
    os._exit(130)
