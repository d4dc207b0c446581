"""Storing of new completions: those that arrive in one turn of the event loop go to the cache's writer together.

Waking the writing thread, and being woken by it, takes longer than storing a short completion. So both happen once for many
completions. A completion is in the writer's hands as soon as it has arrived: a run that is interrupted then still stores it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import RequestMeta
from promptwire.errors import CacheError
from promptwire.gateway.in_flight import fail

__all__ = ["AnswerStore"]

Promises = Mapping[str, "asyncio.Future[Completion]"]


class _Batch:
    """Completions of one request that are being stored."""

    __slots__ = ("done", "left", "promises")

    def __init__(self, promises: Promises, left: int) -> None:
        self.promises = promises
        self.left = left
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def resolve(self, key: str, outcome: Completion | CacheError) -> None:
        """Give the step what the cache holds under `key`, or the error."""
        promise = self.promises[key]
        if not promise.done():
            if isinstance(outcome, CacheError):
                fail(promise, outcome)
            else:
                promise.set_result(outcome)
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)


class AnswerStore:
    """Stores new completions and resolves what steps wait for."""

    def __init__(self, cache: ResponseCache) -> None:
        self._cache = cache
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waking = False
        self._told = False
        self._outcomes: deque[tuple[_Batch, str, Completion | CacheError]] = deque()

    def keep_rows(self) -> None:
        """Keep the text of each row that is written, until `row` takes it."""
        self._cache.written = {}

    def row(self, key: str) -> str | None:
        """Take the text of the row that was written under `key`; None where another one was there before."""
        return self._cache.written.pop(key, None) if self._cache.written is not None else None

    async def put(self, found: Mapping[str, Completion], promises: Promises, *, meta: RequestMeta, replace: bool) -> None:
        """Store `found`, completions by cache key, and resolve their `promises` with what is on disk then.

        With `replace` they replace those on disk. A promise of a completion that can't be stored gets a CacheError.
        """
        if not found:
            return
        self._loop = loop = asyncio.get_running_loop()
        batch = _Batch(promises, len(found))
        for key, completion in found.items():
            self._cache.hold(key, completion, partial(self._tell, batch, key), meta=meta, replace=replace)
        if not self._waking:
            self._waking = True
            loop.call_soon(self._wake)
        await batch.done

    def _wake(self) -> None:
        self._waking = False
        self._cache.release()

    def _tell(self, batch: _Batch, key: str, outcome: Completion | CacheError) -> None:
        """Called by the writing thread."""
        self._outcomes.append((batch, key, outcome))
        # Set to false before the outcomes are taken, see `_resolve`: none can be missed.
        if not self._told and self._loop is not None:
            self._told = True
            with suppress(RuntimeError):  # the loop is closed: the completion is stored, and no step waits
                self._loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        self._told = False
        while self._outcomes:
            batch, key, outcome = self._outcomes.popleft()
            batch.resolve(key, outcome)
