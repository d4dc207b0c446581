"""Trying again, politely: when, how often, and how many at once.

Only a TransientError is tried again. The wait is what the endpoint asked for, else it grows exponentially and is drawn from
the whole interval ("full jitter"), so that clients that failed together don't come back together. A throttled endpoint is also
given less to do at once: the limit is halved when it complains and creeps up again while it does not (AIMD, as TCP does).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from promptwire.errors import TransientError

__all__ = ["TRIES", "RetryPolicy"]

TRIES: Final = 6
"""Attempts in all, where nobody says otherwise."""
_FIRST: Final = 1.0
_CAP: Final = 60.0
_PATIENCE: Final = 300.0
"""Longest wait that an endpoint may ask for: beyond it is better to end, since what was answered is kept."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
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
