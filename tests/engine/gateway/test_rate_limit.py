"""Requests and tokens per minute: never more in any minute, first come first served, and settled by what was taken."""

from __future__ import annotations

import asyncio
import random
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from promptwire.backend import Request, Settings
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import LimitReached, TransientError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.rate_limit import MINUTE, RateLimiter
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits, RateLimits
from tests.time_leap import leap

GAPS = st.lists(st.floats(0, 40), min_size=1, max_size=40)
SHORT = 1e-6
"""What the clock's own rounding may take off a minute."""


def now() -> float:
    return asyncio.get_running_loop().time()


async def departures(limiter: RateLimiter, gaps: list[float], tokens: int = 0) -> list[tuple[int, float]]:
    """Each request's place in the order of coming, and its time, in the order of leaving; the gaps lie between them."""
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
def test_in_no_minute_do_more_requests_leave_than_were_allowed_and_they_leave_in_order(gaps: list[float], most: int) -> None:
    left = leap(departures(RateLimiter(RateLimits(requests_per_minute=most)), gaps))
    times = [time for _, time in left]
    assert [number for number, _ in left] == list(range(len(gaps)))
    assert all(later - earlier >= MINUTE - SHORT for earlier, later in zip(times, times[most:], strict=False))


@settings(max_examples=60, deadline=None)
@given(GAPS, st.integers(1, 30))
def test_in_no_minute_do_more_tokens_leave_than_were_allowed(gaps: list[float], each: int) -> None:
    left = leap(departures(RateLimiter(RateLimits(tokens_per_minute=100)), gaps, each))
    times = [time for _, time in left]
    most = 100 // each
    assert all(later - earlier >= MINUTE - SHORT for earlier, later in zip(times, times[most:], strict=False))


def test_nothing_waits_that_need_not() -> None:
    assert leap(departures(RateLimiter(RateLimits(requests_per_minute=5)), [0.0] * 5)) == [(number, 0.0) for number in range(5)]
    assert leap(departures(RateLimiter(), [0.0] * 50, 10**9))[-1] == (49, 0.0)


def test_what_a_request_really_took_replaces_the_estimate_and_lets_those_behind_it_go() -> None:
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
    assert late >= 10 + MINUTE - SHORT, "more was taken than was thought, and that counts"


def test_a_request_that_is_larger_than_a_minutes_tokens_leaves_alone() -> None:
    async def main() -> list[float]:
        limiter = RateLimiter(RateLimits(tokens_per_minute=100))
        return [(await limiter.acquire(tokens)).when for tokens in (10, 1000, 10)]

    small, large, after = leap(main())
    assert (small, large >= MINUTE - SHORT, after - large >= MINUTE - SHORT) == (0, True, True)


def test_one_that_is_called_off_while_it_waits_holds_nobody_up() -> None:
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


def test_a_gateway_keeps_the_pace_and_the_answers_are_the_same_as_without() -> None:
    async def main(rate_limits: dict[str, RateLimits]) -> tuple[list[str], float]:
        model = ScriptedBackend(lambda request, key: f"{request.prompt} {key[:6]}", name="m")
        door = gateway(rate_limits)
        answers = await asyncio.gather(*(door.ask(model, question(number), n=2) for number in range(10)))
        await door.drain()
        return [answer.text for pair in answers for answer in pair], now()

    free, at_once = leap(main({}))
    paced, later = leap(main({"m": RateLimits(requests_per_minute=4)}))
    assert paced == free
    assert (at_once, later) == (0, 4 * MINUTE)


def test_tries_that_fail_count_too() -> None:
    sent: list[float] = []

    def busy(request: Request, key: str) -> str:
        sent.append(now())
        raise TransientError("busy")

    async def main() -> None:
        door = gateway({"m": RateLimits(requests_per_minute=2)})
        await asyncio.gather(door.ask(ScriptedBackend(busy, name="m"), question(1)), return_exceptions=True)
        await door.drain()

    leap(main())
    assert len(sent) == 6
    assert all(later - earlier >= MINUTE - SHORT for earlier, later in zip(sent, sent[2:], strict=False))


def test_two_backends_for_the_same_model_at_the_same_address_share_its_pace() -> None:
    async def main() -> float:
        door = gateway({"m": RateLimits(requests_per_minute=2)})
        models = [ScriptedBackend(lambda request, key: "x", name="m") for _ in range(2)]
        await asyncio.gather(*(door.ask(models[number % 2], question(number)) for number in range(4)))
        await door.drain()
        return now()

    assert leap(main()) == MINUTE


def test_when_the_runs_time_is_up_before_a_request_may_leave_the_limit_says_so() -> None:
    async def main() -> tuple[str, float, int]:
        door = gateway({"m": RateLimits(requests_per_minute=1)}, Limits(seconds=30))
        model = ScriptedBackend(lambda request, key: "x", name="m")
        await door.ask(model, question(0))
        try:
            await door.ask(model, question(1), node="s")
        except LimitReached as error:
            await door.drain()
            return error.problem, now(), door.usage.of("s").failed
        return "", now(), 0

    said, when, failed = leap(main())
    assert "30 seconds" in said and abs(when - 30) < 1 and failed == 0


def test_tokens_are_settled_by_what_the_endpoint_says_it_took() -> None:
    async def main() -> float:
        door = gateway({"m": RateLimits(tokens_per_minute=1000)})
        model = ScriptedBackend(lambda request, key: "three words long", name="m")
        for number in range(10):
            await door.ask(model, question(number, 900))
        await door.drain()
        return now()

    assert leap(main()) == 0
