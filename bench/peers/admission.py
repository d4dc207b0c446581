"""What each request to the fake server gets, and what the server counts."""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass
from statistics import NormalDist

__all__ = ["Admission", "Counters", "Settings", "Waiting"]

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server behaves from now on."""

    latency: float = 0.0
    """Seconds until a reply; the median where `spread` is above 0."""
    spread: float = 0.0
    """Sigma of a lognormal latency; 0 is a fixed one."""
    errors: float = 0.0
    """Share of requests that get status 500, after the latency."""
    throttled: float = 0.0
    """Share of requests that get status 429, at once."""
    dropped: float = 0.0
    """Share of requests whose connection is closed without a reply, after the latency."""
    retry_after: float = 0.2
    """Seconds that a reply with status 429 tells the client to wait."""
    allowed: int = 0
    """Most requests in flight; one more gets status 429. 0 is no limit."""
    per_second: int = 0
    """Most requests accepted in any second; one more gets status 429. 0 is no limit."""
    seed: int = 0
    """Seed of latencies and faults, which are drawn in the order of arrival."""

    @property
    def mean(self) -> float:
        """Mean latency."""
        return self.latency * math.exp(self.spread**2 / 2)


@dataclass(slots=True)
class Counters:
    """What the server has seen since the last settings."""

    requests: int = 0
    """All requests for completions."""
    answered: int = 0
    """Requests with a good reply."""
    refused: int = 0
    """Requests with status 429."""
    failed: int = 0
    """Requests with status 500."""
    dropped: int = 0
    """Requests without a reply."""
    peak: int = 0
    """Most requests in flight."""
    chain: int = 0
    """Longest chain of requests each of which came after the one before it was answered."""
    chain_seconds: float = 0.0
    """Largest sum of latencies along such a chain."""
    latency: float = 0.0
    """Sum of the latencies of good replies."""
    span: float = 0.0
    """Time from the first request to the last reply."""
    connections: int = 0
    """Connections opened."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request in flight."""

    fate: str
    """`good`, `failed` or `dropped`."""
    latency: float
    """Seconds until its reply."""
    depth: int
    """Requests in the longest chain that ends with it."""
    before: float
    """Seconds of the longest chain before it."""


class Admission:
    """Decides what each request gets, and counts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counters = Counters()
        self._random = random.Random(settings.seed)
        self._in_flight = 0
        self._recent: deque[float] = deque()
        self._began: float | None = None

    def admit(self, now: float) -> Waiting | None:
        """Let a request in that comes at `now` seconds; None where it is refused."""
        counters, settings = self.counters, self.settings
        counters.requests += 1
        self._began = now if self._began is None else self._began
        latency, draw = self._latency(), self._random.random() - settings.throttled
        full = bool(settings.allowed) and self._in_flight >= settings.allowed
        if full or draw < 0 or self._too_fast(now):
            counters.refused += 1
            return None
        fate = "failed" if draw < settings.errors else "dropped" if draw < settings.errors + settings.dropped else "good"
        self._in_flight += 1
        counters.peak = max(counters.peak, self._in_flight)
        return Waiting(fate, latency, counters.chain + 1, counters.chain_seconds)

    def finish(self, waiting: Waiting, now: float) -> None:
        """Count a request as done: those that come later may have waited for it."""
        counters = self.counters
        self._in_flight -= 1
        counters.chain = max(counters.chain, waiting.depth)
        counters.chain_seconds = max(counters.chain_seconds, waiting.before + waiting.latency)
        counters.span = now - (self._began or 0.0)
        if waiting.fate == "good":
            counters.answered += 1
            counters.latency += waiting.latency
        elif waiting.fate == "failed":
            counters.failed += 1
        else:
            counters.dropped += 1

    def _latency(self) -> float:
        settings, draw = self.settings, self._random.random()
        if not settings.spread:
            return settings.latency
        return settings.latency * math.exp(settings.spread * _NORMAL.inv_cdf(min(max(draw, 1e-9), 1 - 1e-9)))

    def _too_fast(self, now: float) -> bool:
        """Whether the last second has all the requests that it may have; counts this one where not."""
        if not self.settings.per_second:
            return False
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.settings.per_second:
            return True
        self._recent.append(now)
        return False
