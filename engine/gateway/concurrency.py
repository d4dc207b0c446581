"""Adaptive concurrency: how many requests of one backend are in flight at once.

An endpoint that throttles a request has shown that the others in flight are all that it takes, so their number is the new
limit. A burst that is too large thus finds the endpoint's limit at once. Afterwards a probe raises the limit from time to time.
A probe that is throttled costs one request, and doubles the successes until the next. A probe that holds doubles the size of
the next. So a wrong limit is left within a few round trips, and a right one is rarely tried. An endpoint that throttles one
request by chance, at a number that it has taken before, changes nothing. One that does so twice in a row takes less now.

An endpoint that throttles a request that is alone takes none now. Nothing is admitted then until `resume`, and after it one
request at a time until a success.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from promptwire.errors import TransientError

__all__ = ["AdaptiveConcurrency"]

_LONGEST: Final = 32
"""Most rounds of successes, as many as the limit each, until the next probe."""


class AdaptiveConcurrency:
    """Admits requests in order: at most `ceiling` at once, fewer while the endpoint throttles."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = max(1, ceiling)
        self.limit = self.ceiling
        self.busy = 0
        self.paused = False
        """Whether nothing is admitted, since the endpoint throttled a request that was alone."""
        self._tested = False
        """Whether it is paused, or one request at a time is admitted since the pause."""
        self.successes = 0
        self._taken = 0
        """Most requests at once that the endpoint is known to take, since the limit was last lowered."""
        self._throttled = 0
        """Requests throttled since the last success."""
        self._step = 1
        """By how much the next probe raises the limit."""
        self._rounds = 1
        """Rounds of successes until the next probe."""
        self._successes = 0
        self._waiting: deque[asyncio.Future[int]] = deque()

    def one(self) -> _Slot:
        """Hold a slot. A TransientError in the body that says `throttled` lowers the limit; success raises it."""
        return _Slot(self)

    async def take(self) -> int:
        """Wait for a slot in order of arrival. Returns how many requests are in flight then."""
        if self._waiting or self._tested or self.busy >= self.limit:
            return await self._wait()
        self.busy += 1
        return self.busy

    def give(self, error: BaseException | None, place: int) -> None:
        """Give back a slot that was taken as the `place`-th in flight, and whose request ended with `error`."""
        if error is None:
            self._succeed(place)
        elif isinstance(error, TransientError) and error.throttled:
            error.alone = place == self.busy == 1
            self._throttle(place)
            if error.alone:
                self._pause()
        self.busy -= 1
        if self._waiting:
            self._admit()

    def _pause(self) -> None:
        self.paused = self._tested = True
        if self.limit == 1:  # its refusals say nothing of how many it takes at once
            self._taken, self._rounds, self._successes = 0, 1, 0

    def resume(self) -> None:
        """Admit requests again, one at first."""
        self.paused = False
        self._admit()

    def _succeed(self, place: int) -> None:
        """Count a success, and probe a higher limit after enough of them."""
        self.successes += 1
        self._tested = False
        self._throttled = 0
        if self.limit == self.ceiling == self._taken:
            return
        probing, self._taken = self._taken < self.limit, max(self._taken, min(place, self.limit))
        if self._taken < self.limit or self.limit == self.ceiling:
            return
        self._successes += 1
        if probing:
            self._step, self._rounds, self._successes = self._step * 2, 1, 0
        if self._successes >= self.limit * self._rounds:
            self.limit = min(self.ceiling, self.limit + self._step)
            self._successes = 0

    def _throttle(self, place: int) -> None:
        """Lower the limit, unless the endpoint has taken as many before and throttled no other since its last success."""
        self._throttled += 1
        if place <= self._taken and self._throttled == 1:
            return
        if 0 < self._taken < place <= self.limit:
            self._rounds = min(_LONGEST, self._rounds * 2)
            self._successes = 0
        self.limit = max(1, min(self.limit, self.busy - 1))
        self._taken, self._step = min(self._taken, self.limit), 1

    async def _wait(self) -> int:
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._tested:
            self._admit()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was given already: pass it on
                self.busy -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and not self.paused and self.busy < (1 if self._tested else self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(self.busy)


class _Slot:
    """One slot, held in an `async with`. A class: a generator as a context manager takes three times as long."""

    __slots__ = ("_of", "_place")

    def __init__(self, of: AdaptiveConcurrency) -> None:
        self._of = of
        self._place = 0

    async def __aenter__(self) -> None:
        self._place = await self._of.take()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._of.give(error, self._place)
