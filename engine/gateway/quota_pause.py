"""Pause of an endpoint whose quota is used up: no request is sent, then one as a probe, and so on until one gets through.

An endpoint that throttles a request while others are in flight may only take fewer at once. One that throttles a request that
is alone takes none now. All that it refused since its last success was refused for the quota: that uses up no tries. So a quota
of any size only slows a run, unless there is no success for `GIVES_UP` seconds of pauses.
"""

from __future__ import annotations

import asyncio
from typing import Final

from promptwire.errors import TransientError
from promptwire.gateway.concurrency import AdaptiveConcurrency
from promptwire.gateway.retry import RetryPolicy

__all__ = ["GIVES_UP", "QuotaPause"]

GIVES_UP: Final = 600.0
"""Seconds of pauses without a success after which calls fail."""
_UNSEEN: Final = 120.0
"""The same for an endpoint that has never answered in this run, since its address or key may be wrong."""


class QuotaPause:
    """Pauses of one endpoint."""

    def __init__(self, concurrency: AdaptiveConcurrency, retry: RetryPolicy) -> None:
        self._concurrency = concurrency
        self._retry = retry
        self._mark = -1
        self._times = 0
        self._seconds = 0.0
        self._last: dict[int, object] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self, refused: TransientError, request: object) -> float | None:
        """Pause after `request`, which was alone, was refused. Returns the seconds; None when it is not tried again."""
        if self._mark != self._concurrency.successes:
            self._mark, self._times, self._seconds = self._concurrency.successes, 0, 0.0
        self._last[self._mark] = request
        wait = None if self._seconds >= self.longest else self._retry.pause(refused, self._times)
        if wait is None:
            self._concurrency.resume()
            return None
        self._times, self._seconds = self._times + 1, self._seconds + wait
        self._task = asyncio.create_task(self._end_after(wait))
        return wait

    def covers(self, mark: int) -> bool:
        """Whether a refusal after `mark` successes was for the quota: the endpoint paused before the next success."""
        return mark == self._mark

    def at_fault(self, request: object, mark: int) -> bool:
        """Whether `request` was the last to be refused in the pause after `mark` successes, and then another got through."""
        return mark != self._concurrency.successes and self._last.get(mark) is request

    @property
    def longest(self) -> float:
        """Seconds of pauses without a success after which calls fail."""
        return GIVES_UP if self._concurrency.successes else _UNSEEN

    @property
    def given_up(self) -> bool:
        """Whether there was no success for all the time that a quota may take."""
        return self._mark == self._concurrency.successes and self._seconds >= self.longest

    def error(self, refused: TransientError, name: str) -> TransientError:
        """The error of a call to the model `name`, whose last try was `refused`."""
        if not self.given_up:
            return refused
        problem = f"{name} has refused every request for {self.longest / 60:g} minutes: {refused.problem}"
        hint = "its quota may be used up: the same command goes on later, with all answers so far"
        error = TransientError(problem, where=refused.where, hint=hint, throttled=True)
        error.__cause__ = refused
        return error

    def cancel(self) -> None:
        """End the pause without a probe."""
        if self._task is not None:
            self._task.cancel()

    async def _end_after(self, seconds: float) -> None:
        await self._retry.sleep(seconds)
        self._concurrency.resume()
