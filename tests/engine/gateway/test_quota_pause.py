"""A quota of an endpoint, without Retry-After: it slows a run and fails no call; one that never comes back ends it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest
from limited_endpoints import Narrow, Outcome, Quota, outcome
from simulated_time import leap

from promptwire.backend import Completion, Request
from promptwire.errors import TransientError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.quota_pause import GIVES_UP
from promptwire.gateway.retry import TRIES, RetryPolicy
from promptwire.gateway.trace import Trace
from tests.engine.gateway.gateway_bench import Bench, question, texts


@pytest.mark.parametrize("counts_refused", [False, True])
@pytest.mark.parametrize("slides", [False, True])
@pytest.mark.parametrize(("most", "calls"), [(3, 12), (40, 200), (300, 1500)])
def test_a_quota_a_minute_of_any_size_fails_no_call(most: int, calls: int, slides: bool, counts_refused: bool) -> None:
    made = outcome(Quota(most, slides=slides, counts_refused=counts_refused, latency=0.5), calls)
    assert not made.failed
    assert made.seconds < 60 * calls / most * (4 if counts_refused else 1.5)
    assert made.requests < (10 if most == 3 else 2.5)


def test_a_quota_with_retry_after_fails_no_call_either() -> None:
    made = outcome(Quota(300, retry_after=20.0, latency=0.5), 1500)
    assert not made.failed and made.seconds < 5 * 60 * 1.5


@pytest.mark.parametrize(("has", "minutes"), [(0, 2), (50, 10)])
def test_a_quota_that_never_comes_back_ends_every_call_with_one_clear_error_after_a_bounded_time(
    has: int, minutes: int
) -> None:
    async def main() -> tuple[Sequence[BaseException | tuple[Completion, ...]], float]:
        gateway = Gateway(cache=None, budget=Budget(), trace=Trace.null(), retry=RetryPolicy(rng=random.Random(1)))
        asked = [gateway.ask(endpoint, question(str(number))) for number in range(200)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        took = asyncio.get_running_loop().time()
        await gateway.close()
        return found, took

    endpoint, answered = Narrow(latency=0.2), iter(range(has))
    endpoint.admits = lambda: next(answered, None) is not None  # type: ignore[method-assign]
    found, took = leap(main())
    assert minutes * 60 <= took <= (minutes + 2) * 60 <= GIVES_UP + 2 * 60
    failed = [one for one in found if isinstance(one, TransientError)]
    assert len(failed) == 200 - has
    assert all(f"refused every request for {minutes} minutes" in one.problem for one in failed)
    assert endpoint.sent < 200 * 2 + 64 + 30, "each call is not probed for on its own"


class Choosy(Narrow):
    """An endpoint that throttles one request for ever, as one that is larger than a minute's tokens."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        if request.prompt == "0":
            self.sent += 1
            raise TransientError("too large", throttled=True)
        return await super().call(request, keys=keys)


@pytest.mark.parametrize("room", [1, 64])
def test_a_request_that_is_always_throttled_fails_while_the_others_go_through(room: int) -> None:
    endpoint = Choosy(room, latency=5.0)
    endpoint.parallel = room
    made = outcome(endpoint, 60 if room == 1 else 3000)
    assert made == Outcome(made.requests, made.seconds, 1)
    assert endpoint.sent <= (60 if room == 1 else 3000) - 1 + 5 * TRIES


async def test_a_lone_request_that_is_throttled_once_waits_once(bench: Bench) -> None:
    endpoint = Narrow(latency=0.0)
    endpoint.rng = random.Random(3)
    refused = iter([False, True, True])
    endpoint.admits = lambda: next(refused, True)  # type: ignore[method-assign]
    assert texts(await bench.gateway().ask(endpoint, question())) == ["said"]
    assert len(bench.waits) == 1 and 0.5 <= bench.waits[0] <= 1
