"""Rate limit of a model: most requests and tokens in any minute, in order of arrival.

A sliding window: in no sixty seconds are more requests sent than allowed. A token bucket would allow more after a pause. The
tokens of a request are known only when its completion arrives; until then an estimate counts. The limit decides only when a
request is sent. It changes neither the request nor its completion.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from promptwire.gateway import limit_wave
from promptwire.limits import RateLimits

__all__ = ["Permit", "RateLimiter"]

MINUTE: Final = 60.0


@dataclass(slots=True)
class Permit:
    """One request that was sent."""

    when: float
    """Time at which it was sent, by the event loop's clock."""
    tokens: int
    """Tokens that it took, or the estimate."""
    shared: limit_wave.Permit | None = None
    """Its permit in the common pace of a sweep; None without one."""


class RateLimiter:
    """Admits the requests to one model in the order in which they came."""

    def __init__(self, limits: RateLimits | None = None) -> None:
        self.limits = limits or RateLimits()
        self.limited = self.limits.limited
        """Whether a request may have to wait."""
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self._past: deque[Permit] = deque()

    async def acquire(self, tokens: int) -> Permit:
        """Wait until a request of about `tokens` tokens may be sent, in order of arrival."""
        if not self.limited:
            return Permit(0.0, tokens)
        # An asyncio.Lock wakes its waiters in the order in which they came.
        async with self._turn:
            while (wait := self.wait(tokens)) > 0:
                self._settled.clear()
                try:
                    # A request that took fewer tokens than estimated makes room before the window moves on.
                    await asyncio.wait_for(self._settled.wait(), wait)
                except TimeoutError:
                    continue
            permit = Permit(asyncio.get_running_loop().time(), tokens)
            self._past.append(permit)
        return permit

    def settle(self, permit: Permit, tokens: int) -> None:
        """Replace the estimate by the tokens that the request took; 0 when it failed."""
        permit.tokens = tokens
        self._settled.set()

    def wait(self, tokens: int) -> float:
        """Seconds until a request of `tokens` tokens may be sent, as known now."""
        if not self.limited:
            return 0.0
        now = asyncio.get_running_loop().time()
        while self._past and self._past[0].when + MINUTE <= now:
            self._past.popleft()
        most, room = self.limits.requests_per_minute, self.limits.tokens_per_minute
        until = now
        if most is not None and len(self._past) >= most:
            until = self._past[len(self._past) - most].when + MINUTE
        if room is not None:
            # A request larger than the limit is sent when its minute holds no other: otherwise it never could be.
            taken = sum(one.tokens for one in self._past)
            for one in self._past:
                if taken + tokens <= room:
                    break
                taken -= one.tokens
                until = max(until, one.when + MINUTE) if one.tokens else until
        return until - now
