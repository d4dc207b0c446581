"""Run one cell in this process, and tell its progress and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from promptwire.api import run_async
from promptwire.errors import CacheError, LimitReached, PromptwireError
from promptwire.gateway.shared_budget import SharedBudget
from promptwire.gateway.usage import Usage
from promptwire.results.progress import Progress
from promptwire.results.progress_lines import round_texts
from promptwire.running.observer import RunObserver
from promptwire.security.access_log import FileAccessLog
from promptwire.sweeps.cells import mark_cell
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.runner import CellEnd, CellProgress, CellStart, RunnerNote, Tell

__all__ = ["run_cell"]

_PAUSE: Final = 1.0
"""Shortest time between two progress events of a cell, in seconds."""


async def run_cell(
    cell: Cell,
    tell: Tell,
    *,
    observer: RunObserver | None = None,
    where: str = "",
    access_log: FileAccessLog | None = None,
    shared: SharedBudget | None = None,
) -> CellEnd:
    """Run `cell`, mark its run folder, and tell its start, progress and end, which is returned too.

    `observer` gets the events of the run. `access_log` may forbid files. `shared` is its part in the limits of all cells: one
    that they cut short, or did not let start, is `stopped` and not marked. Raises CacheError, since no other cell could go on;
    CancelledError after the end `stopped` was told.
    """
    began, watch = time.monotonic(), _Watch(cell.key, tell, observer)
    tell(CellStart(cell.key, where))
    try:
        opened: dict[str, Any] = {"observer": watch, "access_log": access_log, "shared": shared}
        report = await run_async(cell.pipeline, cell.task, cell.options, **opened)
        if not (shared and shared.refused):
            mark_cell(Path(report.run), cell.key)
    except (CacheError, asyncio.CancelledError) as error:
        stopped = isinstance(error, asyncio.CancelledError)
        tell(watch.end("stopped" if stopped else "failed", "it was stopped" if stopped else str(error), began, where))
        raise
    except PromptwireError as error:
        limited = isinstance(error, LimitReached) and shared is not None and bool(shared.refused)
        end = watch.end("stopped" if limited else "failed", str(error), began, where)
    else:
        state, why = ("cut short", report.limit) if report.limit else ("finished", "")
        if shared and shared.refused:
            state, why = "stopped", shared.refused
        end = replace(watch.end(state, why, began, where), run=Path(report.run))
    tell(end)
    return end


class _Watch:
    """Observer of a cell's run: tells the progress from time to time, and passes everything on."""

    def __init__(self, key: str, tell: Tell, also: RunObserver | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = key
        self._tell = tell
        self._also = also
        self._clock = clock
        self._next = clock() + _PAUSE
        self._progress = Progress(clock)

    def say(self, text: str) -> None:
        """Pass on one line of text."""
        if self._also is not None:
            self._also.say(text)
        else:
            self._tell(RunnerNote(text))

    def follow(self, usage: Usage) -> None:
        """Read the counts from `usage`."""
        self._progress.usage = usage
        if self._also is not None:
            self._also.follow(usage)

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take an event of the run."""
        self._progress(event, facts)
        if self._also is not None:
            self._also(event, facts)
        if self._clock() >= self._next:
            self._next = self._clock() + _PAUSE
            total = self._progress.usage.total
            words = "  ".join(round_texts(self._progress.view()))
            tokens = total.tokens_in + total.tokens_out
            self._tell(CellProgress(self._key, total.new, total.cached, tokens, total.usd, words))

    def end(self, state: Any, why: str, began: float, where: str) -> CellEnd:
        """The end of the cell with the counts so far."""
        total = self._progress.usage.total
        return CellEnd(
            self._key,
            state,
            why=why,
            calls=total.new,
            cached=total.cached,
            tokens=total.tokens_in + total.tokens_out,
            usd=total.usd,
            seconds=round(self._clock() - began, 3),
            where=where,
        )
