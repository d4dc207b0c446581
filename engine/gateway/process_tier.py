"""Tier of the answer cache inside one process: runs that work at once do not pay for the same question twice.

They share the cache on disk, so it matters only for what is being asked at this moment: a lease tells the others to wait.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from typing import Final

from promptwire.gateway.answer_tier import ANY, Lease

__all__ = ["PROCESS_ANSWERS", "ProcessAnswers", "ProcessTier"]

_KEPT: Final = 50_000
"""Most rows that are kept in memory. A run needs a row only when it looked into the cache just before the row was stored."""


class ProcessAnswers:
    """What the runs of one event loop have stored lately, and which of them asks for what."""

    def __init__(self) -> None:
        self.rows: OrderedDict[str, bytes] = OrderedDict()
        """Rows by cache key, the oldest first."""
        self.holders: dict[str, ProcessTier] = {}
        """The run that asks for a key."""
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def keep(self, key: str, row: bytes) -> None:
        """Keep a row, in place of the oldest when there are too many."""
        self.rows[key] = row
        if len(self.rows) > _KEPT:
            self.rows.popitem(last=False)

    def free(self, keys: Collection[str], holder: ProcessTier) -> None:
        """End the leases of `holder` on `keys`, and wake the runs that wait for them."""
        for key in keys:
            if self.holders.get(key) is holder:
                del self.holders[key]
                for turn in self._waiting.pop(key, ()):
                    if not turn.done():
                        turn.set_result(None)

    async def change(self, keys: Sequence[str]) -> None:
        """Wait until a lease on one of `keys` has ended."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for key in keys:
            self._waiting.setdefault(key, set()).add(turn)
        try:
            await turn
        finally:
            for key in keys:
                waiting = self._waiting.get(key)
                if waiting is not None:
                    waiting.discard(turn)
                    if not waiting:
                        del self._waiting[key]


class ProcessTier:
    """One run's part in `ProcessAnswers`; a `promptwire.gateway.answer_tier.AnswerTier`."""

    def __init__(self, answers: ProcessAnswers) -> None:
        self._answers = answers
        self._held: set[str] = set()

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return the rows under `keys` that are kept."""
        rows = self._answers.rows
        return {key: rows[key] for key in keys if key in rows}

    def lease(self, keys: Sequence[str], unusable: Mapping[str, str], done: asyncio.Future[Mapping[str, Lease]]) -> None:
        """Lease the keys that no other run asks for, and resolve `done` at once."""
        if not done.done():
            done.set_result(self._states(keys, unusable))

    async def wait(self, keys: Sequence[str], unusable: Mapping[str, str]) -> Mapping[str, Lease]:
        """Lease `keys`, but return only when at least one is not held by another any more."""
        while True:
            states = self._states(keys, unusable)
            if any(state != "held" for state in states.values()):
                return states
            await self._answers.change(keys)

    def publish(self, key: str, row: str, *, replaces: str = "") -> None:
        """Keep the row unless there is one that may not be replaced, and end the lease."""
        known = self._answers.rows.get(key)
        if known is None or replaces == ANY or _sha1(known) == replaces:
            self._answers.keep(key, row.encode("utf-8", errors="surrogatepass"))
        self.release([key])

    def release(self, keys: Collection[str]) -> None:
        """End the leases of this run on `keys`."""
        self._held.difference_update(keys)
        self._answers.free(keys, self)

    def take_notes(self) -> list[str]:
        """No messages: nothing can go away."""
        return []

    async def close(self) -> None:
        """End all leases."""
        self.release(list(self._held))

    def _states(self, keys: Sequence[str], unusable: Mapping[str, str]) -> dict[str, Lease]:
        return {key: self._state(key, unusable) for key in keys}

    def _state(self, key: str, unusable: Mapping[str, str]) -> Lease:
        row = self._answers.rows.get(key)
        if row is not None and not (unusable and _sha1(row) == unusable.get(key)):
            return "answered"
        if self._answers.holders.setdefault(key, self) is not self:
            return "held"
        self._held.add(key)
        return "granted"


def _sha1(row: bytes) -> str:
    return hashlib.sha1(row, usedforsecurity=False).hexdigest()


PROCESS_ANSWERS: Final[ContextVar[ProcessAnswers | None]] = ContextVar("promptwire_process_answers", default=None)
"""The answers that runs of this context share; None for a run that is alone in its process."""
