"""Retry policy: how often a failed request is sent again, and after which wait.

Only a TransientError is retried. The wait is what the endpoint asked for. Otherwise it grows exponentially and is drawn from
the whole interval ("full jitter"), so that clients that failed together don't return together. A throttled endpoint also gets
fewer requests at once, see `promptwire.gateway.concurrency`.
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
"""Attempts in all, by default."""
_FIRST: Final = 1.0
_CAP: Final = 60.0
_GROWTH: Final = 1.5
"""By how much the pause of an endpoint grows from probe to probe."""
_PATIENCE: Final = 300.0
"""Longest wait that an endpoint may ask for. Beyond it the call fails; completions so far are cached."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when failed requests are sent again."""

    tries: int = TRIES
    """Attempts in all."""
    timeout: float | None = None
    """Seconds after which an attempt is cancelled; None leaves it to the backend, which for servers is ten minutes."""
    rng: random.Random = field(default_factory=random.Random)
    """Source of the jitter."""
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    """Waits for that many seconds."""

    def delay(self, failed: TransientError, attempt: int, rounds: int = 0) -> float | None:
        """Seconds to wait after the `attempt`-th attempt, counted from 1; None when no attempt is left.

        With `rounds`, all tries are repeated that many times, each time after a wait of up to a minute.
        """
        if attempt >= self.tries * (1 + rounds):
            return None
        if failed.retry_after is not None:
            # A random second is added: requests that were refused together were given the same time.
            wait = failed.retry_after + self.rng.uniform(0, _FIRST)
            return wait if failed.retry_after <= _PATIENCE else None
        position = attempt % self.tries
        return self.rng.uniform(0, min(_CAP, _FIRST * 2**position) if position else _CAP)

    def pause(self, failed: TransientError, times: int) -> float | None:
        """Seconds until an endpoint that takes nothing now is probed again, after `times` probes; None for never."""
        if failed.retry_after is not None:
            return failed.retry_after + self.rng.uniform(0, _FIRST) if failed.retry_after <= _PATIENCE else None
        longest = min(_CAP, _FIRST * _GROWTH**times)
        return self.rng.uniform(longest / 2, longest)
