"""Waiting and holding back, without a clock."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import RequestRefused, TransientError
from promptwire.gateway.concurrency import AdaptiveConcurrency
from promptwire.gateway.retry import RetryPolicy


@given(st.integers(1, 5), st.integers())
def test_the_wait_is_drawn_from_an_interval_that_doubles_up_to_a_minute(attempt: int, seed: int) -> None:
    delay = RetryPolicy(rng=random.Random(seed)).delay(TransientError("busy"), attempt)
    assert delay is not None
    assert 0 <= delay <= min(60, 2**attempt)


def test_the_wait_never_passes_a_minute() -> None:
    retry = RetryPolicy(tries=100, rng=random.Random(1))
    assert max(retry.delay(TransientError("busy"), attempt) or 0 for attempt in range(1, 100)) <= 60


def test_the_last_try_is_followed_by_none() -> None:
    assert RetryPolicy(tries=6).delay(TransientError("busy"), 5) is not None
    assert RetryPolicy(tries=6).delay(TransientError("busy"), 6) is None


def test_with_rounds_all_tries_are_made_again_after_up_to_a_minute() -> None:
    retry = RetryPolicy(tries=2, rng=random.Random(1))
    waits = [retry.delay(TransientError("busy"), attempt, rounds=2) for attempt in range(1, 7)]
    assert waits[-1] is None and None not in waits[:-1]
    assert all(0 <= (wait or 0) <= 2 for wait in waits[:-1:2])
    between = [
        RetryPolicy(tries=2, rng=random.Random(seed)).delay(TransientError("busy"), 2, rounds=1) or 0 for seed in range(50)
    ]
    assert 40 < max(between) <= 60


def test_what_the_endpoint_asks_for_is_waited_but_not_for_ever() -> None:
    retry = RetryPolicy(rng=random.Random(1))
    assert 30 <= (retry.delay(TransientError("busy", retry_after=30), 1) or 0) <= 31
    assert retry.delay(TransientError("busy", retry_after=3600), 1) is None


def test_clients_that_failed_together_do_not_come_back_together() -> None:
    delays = {RetryPolicy(rng=random.Random(seed)).delay(TransientError("busy", retry_after=5), 1) for seed in range(20)}
    assert len(delays) == 20


class Work:
    """Holds slots until told to end, well or badly."""

    def __init__(self, slots: AdaptiveConcurrency) -> None:
        self.slots = slots
        self.inside: list[int] = []
        self.ends: dict[int, asyncio.Future[None]] = {}

    async def one(self, number: int) -> None:
        async with self.slots.one():
            self.inside.append(number)
            self.ends[number] = asyncio.get_running_loop().create_future()
            await self.ends[number]

    def start(self, numbers: range) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.one(number)) for number in numbers]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_the_ceiling_get_in_and_they_do_so_in_order() -> None:
    work = Work(AdaptiveConcurrency(3))
    tasks = work.start(range(6))
    await settle()
    assert work.inside == [0, 1, 2]
    work.ends[1].set_result(None)
    await settle()
    assert work.inside == [0, 1, 2, 3]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert work.slots.busy == 0


async def test_requests_that_are_throttled_together_halve_the_limit_once() -> None:
    work = Work(AdaptiveConcurrency(8))
    tasks = work.start(range(8))
    await settle()
    for end in work.ends.values():
        end.set_exception(TransientError("busy", throttled=True))
    await asyncio.gather(*tasks, return_exceptions=True)
    assert work.slots.limit == 4


async def test_the_limit_creeps_up_again_and_never_past_the_ceiling() -> None:
    slots = AdaptiveConcurrency(4)
    slots.limit = 1.0
    for _ in range(100):
        async with slots.one():
            pass
    assert slots.limit == 4


async def test_the_limit_never_falls_below_one() -> None:
    slots = AdaptiveConcurrency(4)
    for _ in range(10):
        with pytest.raises(TransientError):
            async with slots.one():
                raise TransientError("busy", throttled=True)
    assert slots.limit == 1


@pytest.mark.parametrize("error", [TransientError("down"), RequestRefused("no")])
async def test_other_errors_leave_the_limit_as_it_is_and_free_the_slot(error: Exception) -> None:
    slots = AdaptiveConcurrency(4)
    with pytest.raises(type(error)):
        async with slots.one():
            raise error
    assert (slots.limit, slots.busy) == (4, 0)


async def test_a_waiter_that_is_cancelled_in_the_moment_of_its_turn_hands_the_slot_on() -> None:
    work = Work(AdaptiveConcurrency(1))
    first, second, third = work.start(range(3))
    await settle()
    work.ends[0].set_result(None)
    await asyncio.wait([first])
    second.cancel()
    await settle()
    assert work.inside[-1] == 2
    third.cancel()
    await asyncio.gather(second, third, return_exceptions=True)
    assert work.slots.busy == 0
