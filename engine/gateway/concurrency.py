"""Adaptive concurrency: how many requests of one backend are in flight at once.

The limit is halved when the endpoint throttles and grows slowly while it does not (AIMD, as in TCP).
"""

from __future__ import annotations

import asyncio
from collections import deque

from promptwire.errors import TransientError

__all__ = ["AdaptiveConcurrency"]


class AdaptiveConcurrency:
    """Admits requests in order: at most `ceiling` at once, fewer while the endpoint throttles."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = max(1, ceiling)
        self.limit = float(self.ceiling)
        self.busy = 0
        self._cuts = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def one(self) -> _Slot:
        """Hold a slot. A TransientError in the body that says `throttled` lowers the limit; success raises it."""
        return _Slot(self)

    async def take(self) -> int:
        """Wait for a slot in order of arrival. Returns how often the limit has been halved so far."""
        if self._waiting or self.busy >= int(self.limit):
            await self._wait()
        else:
            self.busy += 1
        return self._cuts

    def give(self, error: BaseException | None, cuts: int) -> None:
        """Give back a slot that was taken after `cuts` halvings, and whose request ended with `error`."""
        if error is None:
            self.limit = min(self.ceiling, self.limit + 1 / self.limit)
        # Requests that were in flight together are throttled together. The limit is halved once for all of them.
        elif isinstance(error, TransientError) and error.throttled and cuts == self._cuts:
            self.limit = max(1.0, self.limit / 2)
            self._cuts += 1
        self.busy -= 1
        self._admit()

    async def _wait(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was given already: pass it on
                self.busy -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self.busy < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)


class _Slot:
    """One slot, held in an `async with`. A class: a generator as a context manager takes three times as long."""

    __slots__ = ("_cuts", "_of")

    def __init__(self, of: AdaptiveConcurrency) -> None:
        self._of = of
        self._cuts = 0

    async def __aenter__(self) -> None:
        self._cuts = await self._of.take()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._of.give(error, self._cuts)
