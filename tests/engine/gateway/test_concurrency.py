"""Adaptive concurrency: the ceiling, the order, and how the limit follows an endpoint that throttles."""

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


async def test_a_burst_that_is_throttled_shows_how_many_requests_the_endpoint_takes() -> None:
    work = Work(AdaptiveConcurrency(8))
    tasks = work.start(range(8))
    await settle()
    for number in range(3, 8):
        work.ends[number].set_exception(TransientError("busy", throttled=True))
    await settle()
    assert (work.slots.limit, work.slots.busy) == (3, 3)
    for number in range(3):
        work.ends[number].set_result(None)
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_limit_grows_again_up_to_the_ceiling() -> None:
    slots, rounds = AdaptiveConcurrency(40), 0
    slots.limit = 1
    while slots.limit < 40:
        await asyncio.gather(*(_pass(slots) for _ in range(slots.limit)))
        rounds += 1
    assert rounds <= 12


async def _pass(slots: AdaptiveConcurrency) -> None:
    async with slots.one():
        await asyncio.sleep(0)


async def test_an_endpoint_that_throttles_by_chance_keeps_its_limit_and_one_that_does_so_twice_does_not() -> None:
    slots = AdaptiveConcurrency(4)
    await asyncio.gather(*(_pass(slots) for _ in range(8)))
    for _ in range(20):
        with pytest.raises(TransientError):
            async with slots.one():
                raise TransientError("busy", throttled=True)
        slots.resume()
        await _pass(slots)
    assert slots.limit == 4
    for limit in (4, 1):
        with pytest.raises(TransientError):
            async with slots.one():
                raise TransientError("busy", throttled=True)
        slots.resume()
        assert slots.limit == limit


async def test_the_limit_never_falls_below_one() -> None:
    slots = AdaptiveConcurrency(4)
    for _ in range(10):
        with pytest.raises(TransientError):
            async with slots.one():
                raise TransientError("busy", throttled=True)
        slots.resume()
    assert slots.limit == 1


async def test_a_lone_request_that_is_throttled_stops_all_until_one_probe_has_gone_through() -> None:
    work = Work(AdaptiveConcurrency(4))
    tasks = work.start(range(1))
    await settle()
    work.ends[0].set_exception(TransientError("busy", throttled=True))
    await settle()
    tasks += work.start(range(1, 12))
    await settle()
    assert work.slots.paused and work.inside == [0]
    work.slots.resume()
    await settle()
    assert work.inside == [0, 1]
    most = 0
    for number in range(1, 12):
        most = max(most, work.slots.busy)
        work.ends[number].set_result(None)
        await settle()
    assert len(work.inside) == 12 and most >= 3
    await asyncio.gather(*tasks, return_exceptions=True)


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
