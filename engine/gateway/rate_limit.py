"""How fast a model may be asked: so many requests and so many tokens in any minute, whoever asks first going first.

A sliding window, not a bucket that fills: in no sixty seconds do more requests leave than were allowed, not even after a pause.
What a request takes in tokens is known only when its answer is there; until then an estimate stands for it, and what it really
took replaces that. Only the moment at which a request leaves depends on this, never what is asked or how it is answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from promptwire.limits import RateLimits

__all__ = ["Permit", "RateLimiter"]

MINUTE: Final = 60.0


@dataclass(slots=True)
class Permit:
    """One request that left."""

    when: float
    """Time at which it left, by the event loop's clock."""
    tokens: int
    """Tokens that it took, or is thought to take."""


class RateLimiter:
    """Lets the requests to one model pass in the order in which they came."""

    def __init__(self, pace: RateLimits | None = None) -> None:
        self.pace = pace or RateLimits()
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self._past: deque[Permit] = deque()

    async def passing(self, tokens: int) -> Permit:
        """Wait until a request of about `tokens` tokens may leave, behind those that came before."""
        if not self.pace.limited:
            return Permit(0.0, tokens)
        # An asyncio.Lock wakes its waiters in the order in which they came.
        async with self._turn:
            while (wait := self.wait(tokens)) > 0:
                self._settled.clear()
                try:
                    # An answer that took less than was thought may make room before the window moves on.
                    await asyncio.wait_for(self._settled.wait(), wait)
                except TimeoutError:
                    continue
            departure = Permit(asyncio.get_running_loop().time(), tokens)
            self._past.append(departure)
        return departure

    def settle(self, departure: Permit, tokens: int) -> None:
        """Book what the request really took; 0 for one that brought nothing."""
        departure.tokens = tokens
        self._settled.set()

    def wait(self, tokens: int) -> float:
        """Seconds until a request of `tokens` tokens may leave, as far as is known now; 0 for at once."""
        if not self.pace.limited:
            return 0.0
        now = asyncio.get_running_loop().time()
        while self._past and self._past[0].when + MINUTE <= now:
            self._past.popleft()
        most, room = self.pace.requests_per_minute, self.pace.tokens_per_minute
        until = now
        if most is not None and len(self._past) >= most:
            until = self._past[len(self._past) - most].when + MINUTE
        if room is not None:
            # A request larger than a minute's tokens leaves when its minute holds nothing else: it never could otherwise.
            taken = sum(one.tokens for one in self._past)
            for one in self._past:
                if taken + tokens <= room:
                    break
                taken -= one.tokens
                until = max(until, one.when + MINUTE) if one.tokens else until
        return until - now
