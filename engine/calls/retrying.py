"""Trying again, politely: when, how often, and how many at once.

Only a TransientError is tried again. The wait is what the endpoint asked for, else it grows exponentially and is drawn from
the whole interval ("full jitter"), so that clients that failed together don't come back together. A throttled endpoint is also
given less to do at once: the limit is halved when it complains and creeps up again while it does not (AIMD, as TCP does).
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from promptwire.errors import TransientError

__all__ = ["TRIES", "Retry", "Slots"]

TRIES: Final = 6
"""Attempts in all, where nobody says otherwise."""
_FIRST: Final = 1.0
_CAP: Final = 60.0
_PATIENCE: Final = 300.0
"""Longest wait that an endpoint may ask for: beyond it is better to end, since what was answered is kept."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How failed requests are tried again."""

    tries: int = TRIES
    """Attempts in all."""
    timeout: float | None = None
    """Seconds after which an attempt is given up; None leaves it to the model, which for servers is ten minutes."""
    rng: random.Random = field(default_factory=random.Random)
    """Where the jitter comes from."""
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    """Waits that many seconds."""

    def delay(self, failed: TransientError, attempt: int, rounds: int = 0) -> float | None:
        """Seconds to wait after the `attempt`-th attempt, counted from 1; None to give up.

        With `rounds`, all tries are made that many times more, each time after a wait of up to a minute.
        """
        if attempt >= self.tries * (1 + rounds):
            return None
        if failed.retry_after is not None:
            # A little on top: all that were sent away at once were given the same time.
            wait = failed.retry_after + self.rng.uniform(0, _FIRST)
            return wait if failed.retry_after <= _PATIENCE else None
        place = attempt % self.tries
        return self.rng.uniform(0, min(_CAP, _FIRST * 2**place) if place else _CAP)


class Slots:
    """Admits so many at once, in the order asked: at most `ceiling`, fewer while the endpoint says that it is too much."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = max(1, ceiling)
        self.limit = float(self.ceiling)
        self.busy = 0
        self._cuts = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a slot. How the body ends tells whether the endpoint can take more."""
        await self._take()
        cuts = self._cuts
        try:
            yield
            self.limit = min(self.ceiling, self.limit + 1 / self.limit)
        except TransientError as error:
            # Requests that were in flight together complain together: that is one reason to halve, not sixty-four.
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
            if turn.done() and not turn.cancelled():  # it was its turn already: hand the slot on
                self.busy -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self.busy < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)
