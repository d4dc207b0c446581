"""Rate limit: requests and tokens in any minute, in order, settled as reported."""

from __future__ import annotations

import asyncio
import random
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_time import leap

from promptwire.backend import Request, Settings
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import LimitReached, TransientError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.rate_limit import MINUTE, RateLimiter
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits, RateLimits

GAPS = st.lists(st.floats(0, 40), min_size=1, max_size=40)
SHORT = 1e-6
"""Rounding error of the clock, in seconds."""


def now() -> float:
    return asyncio.get_running_loop().time()


async def departures(limiter: RateLimiter, gaps: list[float], tokens: int = 0) -> list[tuple[int, float]]:
    """Number of arrival and time of sending of each request, in order of sending; `gaps` lie between arrivals."""
    left: list[tuple[int, float]] = []
    come = iter(range(len(gaps)))

    async def one(at: float) -> None:
        await asyncio.sleep(at)
        number = next(come)
        await limiter.acquire(tokens)
        left.append((number, now()))

    await asyncio.gather(*map(one, accumulate(gaps)))
    return left


@settings(max_examples=60, deadline=None)
@given(GAPS, st.integers(1, 7))
def test_any_minute_stays_within_the_request_limit_in_order(gaps: list[float], most: int) -> None:
    left = leap(departures(RateLimiter(RateLimits(requests_per_minute=most)), gaps))
    times = [time for _, time in left]
    assert [number for number, _ in left] == list(range(len(gaps)))
    assert all(later - earlier >= MINUTE - SHORT for earlier, later in zip(times, times[most:], strict=False))


@settings(max_examples=60, deadline=None)
@given(GAPS, st.integers(1, 30))
def test_any_minute_stays_within_the_token_limit(gaps: list[float], each: int) -> None:
    left = leap(departures(RateLimiter(RateLimits(tokens_per_minute=100)), gaps, each))
    times = [time for _, time in left]
    most = 100 // each
    assert all(later - earlier >= MINUTE - SHORT for earlier, later in zip(times, times[most:], strict=False))


def test_requests_within_the_limit_do_not_wait() -> None:
    assert leap(departures(RateLimiter(RateLimits(requests_per_minute=5)), [0.0] * 5)) == [(number, 0.0) for number in range(5)]
    assert leap(departures(RateLimiter(), [0.0] * 50, 10**9))[-1] == (49, 0.0)


def test_reported_tokens_replace_the_estimate_for_waiting_requests() -> None:
    async def main() -> tuple[float, float]:
        limiter = RateLimiter(RateLimits(tokens_per_minute=100))
        first = await limiter.acquire(90)
        second = asyncio.create_task(limiter.acquire(50))
        await asyncio.sleep(10)
        limiter.settle(first, 40)
        early = (await second).when
        limiter.settle(await limiter.acquire(10), 500)
        return early, (await limiter.acquire(1)).when

    early, late = leap(main())
    assert early == 10
    assert late >= 10 + MINUTE - SHORT, "the tokens above the estimate count"


def test_a_request_above_the_token_limit_is_sent_alone() -> None:
    async def main() -> list[float]:
        limiter = RateLimiter(RateLimits(tokens_per_minute=100))
        return [(await limiter.acquire(tokens)).when for tokens in (10, 1000, 10)]

    small, large, after = leap(main())
    assert (small, large >= MINUTE - SHORT, after - large >= MINUTE - SHORT) == (0, True, True)


def test_a_cancelled_waiting_request_blocks_no_other() -> None:
    async def main() -> tuple[float, int]:
        limiter = RateLimiter(RateLimits(requests_per_minute=1))
        await limiter.acquire(0)
        tasks = [asyncio.create_task(limiter.acquire(0)) for _ in range(3)]
        await asyncio.sleep(1)
        tasks[0].cancel()
        tasks[1].cancel()
        last = await tasks[2]
        return last.when, sum(task.cancelled() for task in tasks)

    when, cancelled = leap(main())
    assert (abs(when - MINUTE) < SHORT, cancelled) == (True, 2)


def gateway(rate_limits: dict[str, RateLimits], limits: Limits | None = None) -> Gateway:
    budget = Budget(limits, clock=now) if limits else Budget()
    retry = RetryPolicy(rng=random.Random(1), sleep=asyncio.sleep)
    return Gateway(cache=None, budget=budget, trace=Trace.null(), retry=retry, rate_limits=rate_limits)


def question(number: int, tokens: int | None = None) -> Request:
    return Request("generate", prompt=f"q{number}", settings=Settings(max_tokens=tokens))


def test_a_rate_limit_delays_requests_and_changes_no_completion() -> None:
    async def main(rate_limits: dict[str, RateLimits]) -> tuple[list[str], float]:
        model = ScriptedBackend(lambda request, key: f"{request.prompt} {key[:6]}", name="m")
        made = gateway(rate_limits)
        answers = await asyncio.gather(*(made.ask(model, question(number), n=2) for number in range(10)))
        await made.drain()
        return [answer.text for pair in answers for answer in pair], now()

    free, at_once = leap(main({}))
    paced, later = leap(main({"m": RateLimits(requests_per_minute=4)}))
    assert paced == free
    assert (at_once, later) == (0, 4 * MINUTE)


def test_failed_tries_count_toward_the_rate_limit() -> None:
    sent: list[float] = []

    def busy(request: Request, key: str) -> str:
        sent.append(now())
        raise TransientError("busy")

    async def main() -> None:
        made = gateway({"m": RateLimits(requests_per_minute=2)})
        await asyncio.gather(made.ask(ScriptedBackend(busy, name="m"), question(1)), return_exceptions=True)
        await made.drain()

    leap(main())
    assert len(sent) == 6
    assert all(later - earlier >= MINUTE - SHORT for earlier, later in zip(sent, sent[2:], strict=False))


def test_backends_with_the_same_model_and_address_share_a_rate_limit() -> None:
    async def main() -> float:
        made = gateway({"m": RateLimits(requests_per_minute=2)})
        models = [ScriptedBackend(lambda request, key: "x", name="m") for _ in range(2)]
        await asyncio.gather(*(made.ask(models[number % 2], question(number)) for number in range(4)))
        await made.drain()
        return now()

    assert leap(main()) == MINUTE


def test_time_used_up_before_sending_is_a_reached_limit() -> None:
    async def main() -> tuple[str, float, int]:
        made = gateway({"m": RateLimits(requests_per_minute=1)}, Limits(seconds=30))
        model = ScriptedBackend(lambda request, key: "x", name="m")
        await made.ask(model, question(0))
        try:
            await made.ask(model, question(1), node="s")
        except LimitReached as error:
            await made.drain()
            return error.problem, now(), made.usage.of("s").failed
        return "", now(), 0

    said, when, failed = leap(main())
    assert "30 seconds" in said and abs(when - 30) < 1 and failed == 0


def test_the_rate_limiter_uses_the_tokens_an_endpoint_reports() -> None:
    async def main() -> float:
        made = gateway({"m": RateLimits(tokens_per_minute=1000)})
        model = ScriptedBackend(lambda request, key: "three words long", name="m")
        for number in range(10):
            await made.ask(model, question(number, 900))
        await made.drain()
        return now()

    assert leap(main()) == 0
