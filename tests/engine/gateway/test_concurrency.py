"""Adaptive concurrency: the ceiling, the order, and the halving when an endpoint throttles."""

from __future__ import annotations

import asyncio

import pytest

from promptwire.errors import RequestRefused, TransientError
from promptwire.gateway.concurrency import AdaptiveConcurrency


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


async def test_requests_enter_up_to_the_ceiling_in_order() -> None:
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


async def test_requests_throttled_together_halve_the_limit_once() -> None:
    work = Work(AdaptiveConcurrency(8))
    tasks = work.start(range(8))
    await settle()
    for end in work.ends.values():
        end.set_exception(TransientError("busy", throttled=True))
    await asyncio.gather(*tasks, return_exceptions=True)
    assert work.slots.limit == 4


async def test_the_limit_grows_again_up_to_the_ceiling() -> None:
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
async def test_other_errors_free_the_slot_and_keep_the_limit(error: Exception) -> None:
    slots = AdaptiveConcurrency(4)
    with pytest.raises(type(error)):
        async with slots.one():
            raise error
    assert (slots.limit, slots.busy) == (4, 0)


async def test_a_waiter_cancelled_at_its_turn_passes_the_slot_on() -> None:
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
