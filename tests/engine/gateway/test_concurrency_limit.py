"""A run whose endpoint takes fewer requests than the client may send: how many requests and how much time that costs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from simulated_time import leap

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import TransientError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from tests.engine.gateway.gateway_bench import question

SLOTS = 64
CALLS = 500
SECONDS = 0.2


class Narrow(ScriptedBackend):
    """An endpoint that takes `room` requests at once, and throttles others after `late` seconds; and some by `chance`."""

    def __init__(
        self, room: int, *, retry_after: float | None = None, late: float = 0.0, spread: float = 0.0, chance: float = 0.0
    ):
        super().__init__(lambda request, key: "said", parallel=SLOTS)
        self.room, self.retry_after, self.late, self.spread, self.chance = room, retry_after, late, spread, chance
        self.taken = self.sent = self.most = 0
        self.worked = 0.0
        self.rng = random.Random(1)

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        self.sent += 1
        if self.taken >= self.room or self.rng.random() < self.chance:
            await asyncio.sleep(self.late)
            raise TransientError("busy", retry_after=self.retry_after, throttled=True)
        self.taken += 1
        self.most = max(self.most, self.taken)
        seconds = SECONDS * self.rng.lognormvariate(0, self.spread)
        self.worked += seconds
        await asyncio.sleep(seconds)
        self.taken -= 1
        return await super().call(request, keys=keys)


def asked(endpoint: Narrow) -> tuple[float, float]:
    """Requests and time, as multiples of what is needed."""

    async def main() -> float:
        retry = RetryPolicy(rng=random.Random(1))
        gateway = Gateway(cache=None, budget=Budget(), trace=Trace.null(), retry=retry)
        await asyncio.gather(*(gateway.ask(endpoint, question(str(number))) for number in range(CALLS)))
        await gateway.close()
        return asyncio.get_running_loop().time()

    took = leap(main())
    return endpoint.sent / CALLS, took / (endpoint.worked / min(endpoint.room, SLOTS))


@pytest.mark.parametrize("retry_after", [None, 0.5])
@pytest.mark.parametrize("late", [0.0, 0.05])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_an_endpoint_that_takes_eight_of_64_costs_few_more_requests_and_little_more_time(
    retry_after: float | None, late: float, spread: float
) -> None:
    requests, time = asked(Narrow(8, retry_after=retry_after, late=late, spread=spread))
    assert 1 < requests <= 1.3 and time <= 1.3


def test_throttling_by_chance_does_not_empty_the_slots() -> None:
    requests, time = asked(Narrow(SLOTS, retry_after=0.2, chance=0.05))
    assert requests <= 1.1 and time <= 3


def test_an_endpoint_that_takes_all_is_sent_all() -> None:
    endpoint = Narrow(SLOTS)
    requests, time = asked(endpoint)
    assert (requests, endpoint.most) == (1, SLOTS) and time <= 1.1
