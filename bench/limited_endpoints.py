"""Endpoints with limits, by a simulated clock: how many requests, how much time and how many failed calls a limit costs.

python bench/limited_endpoints.py      a line for each limit
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from simulated_time import leap

from promptwire.backend import Completion, Request, Settings
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import TransientError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace

__all__ = ["SLOTS", "Narrow", "Outcome", "Quota", "outcome"]

SLOTS = 64
MINUTE = 60.0


class Narrow(ScriptedBackend):
    """An endpoint that takes `room` requests at once, and throttles others after `late` seconds; and some by `chance`."""

    def __init__(
        self,
        room: int = SLOTS,
        *,
        retry_after: float | None = None,
        late: float = 0.0,
        spread: float = 0.0,
        chance: float = 0.0,
        latency: float = 0.2,
    ):
        super().__init__(lambda request, key: "said", parallel=SLOTS)
        self.room, self.retry_after, self.late, self.spread, self.chance = room, retry_after, late, spread, chance
        self.seconds = latency
        self.taken = self.sent = self.most = 0
        self.worked = 0.0
        self.rng = random.Random(1)

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Answer a request, or throttle it."""
        self.sent += 1
        if self.taken >= self.room or self.rng.random() < self.chance or not self.admits():
            await asyncio.sleep(self.late)
            raise TransientError("busy", retry_after=self.retry_after, throttled=True)
        self.taken += 1
        self.most = max(self.most, self.taken)
        seconds = self.seconds * self.rng.lognormvariate(0, self.spread)
        self.worked += seconds
        await asyncio.sleep(seconds)
        self.taken -= 1
        return await super().call(request, keys=keys)

    def admits(self) -> bool:
        """Whether nothing else forbids a request now."""
        return True


class Quota(Narrow):
    """An endpoint that answers `most` requests in a minute, which slides or begins anew with each minute of the clock."""

    def __init__(self, most: int, *, slides: bool = False, counts_refused: bool = False, **more: float):
        super().__init__(**more)  # type: ignore[arg-type] # the numbers of an endpoint
        self.quota, self.slides, self.counts_refused = most, slides, counts_refused
        self._when: deque[float] = deque()

    def admits(self) -> bool:
        """Whether the minute has room for one more."""
        now = asyncio.get_running_loop().time()
        start = now - MINUTE if self.slides else now // MINUTE * MINUTE
        while self._when and (self._when[0] <= start if self.slides else self._when[0] < start):
            self._when.popleft()
        free = len(self._when) < self.quota
        if free or self.counts_refused:
            self._when.append(now)
        return free


@dataclass(frozen=True, slots=True)
class Outcome:
    """What some calls to an endpoint cost."""

    requests: float
    """Requests for each call."""
    seconds: float
    """Time that they took."""
    failed: int
    """Calls that failed."""


def outcome(endpoint: Narrow, calls: int, *, rounds: int = 0) -> Outcome:
    """Make `calls` calls to `endpoint` at once."""

    async def main() -> Outcome:
        gateway = Gateway(cache=None, budget=Budget(), trace=Trace.null(), retry=RetryPolicy(rng=random.Random(1)))
        requests = [Request("generate", prompt=str(number), settings=Settings()) for number in range(calls)]
        jobs = [gateway.ask(endpoint, request, rounds=rounds) for request in requests]
        found = await asyncio.gather(*jobs, return_exceptions=True)
        took = asyncio.get_running_loop().time()
        await gateway.close()
        return Outcome(endpoint.sent / calls, took, sum(isinstance(one, BaseException) for one in found))

    return leap(main())


def main() -> None:
    """Print what each limit costs."""
    print(f"{'limit':44} {'calls':>6} {'failed':>7} {'requests a call':>16} {'time to ideal':>14}")

    def tell(words: str, calls: int, made: Outcome, ideal: float) -> None:
        print(f"{words:44} {calls:6} {made.failed:7} {made.requests:16.2f} {made.seconds / ideal:14.2f}")

    for retry_after in (None, 0.5):
        narrow = Narrow(8, retry_after=retry_after)
        made = outcome(narrow, 500)
        told = "" if retry_after is None else f", Retry-After {retry_after:g}"
        tell(f"8 at once{told}", 500, made, narrow.worked / 8)
    for most, calls in ((3, 15), (60, 300), (300, 1500), (3000, 9000)):
        for slides in (False, True):
            for counts in (False, True):
                quota = Quota(most, slides=slides, counts_refused=counts, latency=0.5)
                made = outcome(quota, calls)
                ideal = (calls - most) / most * MINUTE if slides else (calls // most - 1) * MINUTE
                words = f"{most} a minute, {'sliding' if slides else 'fixed'}{', refused ones count' * counts}"
                tell(words, calls, made, ideal)


if __name__ == "__main__":
    main()
