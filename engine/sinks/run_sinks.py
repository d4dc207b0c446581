"""Sinks of one run: started beside it, and ended with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from promptwire.sinks.feed import Feed
from promptwire.sinks.sink import Sink

__all__ = ["sending"]

_PATIENCE: Final = 60.0
"""Most seconds after the end of a run until its sinks have sent the rest. The first table of MLflow takes some."""
_STOPPED: Final = 5.0
"""The same after a run that was stopped: who presses Ctrl-C wants the end."""


@asynccontextmanager
async def sending(
    sinks: Sequence[Sink], folder: Path, *, may_begin: Callable[[], bool], say: Callable[[str], None]
) -> AsyncIterator[list[str]]:
    """Send the run in `folder` to `sinks` until the block ends. Gives a list that then holds what went wrong.

    After an error of the run, `say` gets what went wrong. A run whose folder is gone by the end never began: nothing is sent.
    """
    feeds = [Feed(sink, folder, may_begin=may_begin) for sink in sinks]
    warnings: list[str] = []

    async def close(patience: float) -> None:
        drop = not folder.is_dir()
        waits = [asyncio.to_thread(feed.close, drop=drop, patience=patience) for feed in feeds]
        errors = await asyncio.gather(*waits)
        warnings.extend(feed.warning(error) for feed, error in zip(feeds, errors, strict=True) if error)

    try:
        yield warnings
    except BaseException as error:
        if feeds:
            await close(_PATIENCE if isinstance(error, Exception) else _STOPPED)
        for text in warnings:
            say(f"warning: {text}")
        raise
    if feeds:
        await close(_PATIENCE)
