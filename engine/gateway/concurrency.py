"""Adaptive concurrency: how many requests of one backend are in flight at once.

The limit is halved when the endpoint throttles and grows slowly while it does not (AIMD, as in TCP).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a slot. A TransientError in the body that says `throttled` lowers the limit; success raises it."""
        await self._take()
        cuts = self._cuts
        try:
            yield
            self.limit = min(self.ceiling, self.limit + 1 / self.limit)
        except TransientError as error:
            # Requests that were in flight together are throttled together. The limit is halved once for all of them.
            if error.throttled and cuts == self._cuts:
                self.limit = max(1.0, self.limit / 2)
                self._cuts += 1
            raise
        finally:
            self.busy -= 1
            self._admit()

    async def _take(self) -> None:
        if not self._waiting and self.busy < int(self.limit):
            self.busy += 1
            return
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
