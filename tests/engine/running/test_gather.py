"""Concurrent jobs: results in the written order, and one error of several."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial

import pytest
from simulated_time import leap

from promptwire.running.gather import first_error, gather, in_order


async def test_results_are_in_the_written_order_whichever_job_finishes_first() -> None:
    gate = asyncio.Event()

    async def last() -> str:
        await gate.wait()
        return "slow"

    async def first() -> str:
        gate.set()
        return "quick"

    assert await gather([last(), first()]) == ("slow", "quick")


async def test_no_jobs_give_no_results() -> None:
    assert await gather([]) == ()


async def test_a_failure_cancels_the_other_jobs_and_is_raised() -> None:
    ended: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def failing() -> None:
        await asyncio.sleep(0)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await gather([endless(), failing(), endless()])
    assert ended == ["cancelled", "cancelled"]


async def test_the_first_written_of_several_failures_is_raised() -> None:
    async def failing(name: str) -> None:
        raise KeyError(name)

    with pytest.raises(KeyError, match="first"):
        await gather([failing("first"), failing("second")])


async def test_cancelling_gather_cancels_its_jobs() -> None:
    started = asyncio.Event()
    ended: list[bool] = []

    async def job() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    wave = asyncio.ensure_future(gather([job(), job()]))
    await started.wait()
    wave.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wave
    assert ended == [True, True]


def test_an_error_goes_before_a_cancellation() -> None:
    error = KeyError("x")
    assert first_error([asyncio.CancelledError(), error]) is error
    assert isinstance(first_error([]), asyncio.CancelledError)


def test_jobs_in_order_keep_every_place_busy_and_give_their_results_in_the_written_order() -> None:
    busy = peak = 0

    async def job(number: int) -> int:
        nonlocal busy, peak
        busy += 1
        peak = max(peak, busy)
        await asyncio.sleep(9 if number == 0 else 1)
        busy -= 1
        return number

    async def main() -> tuple[list[int], float]:
        results = [result async for result in in_order([partial(job, number) for number in range(10)], 2)]
        return results, asyncio.get_running_loop().time()

    # Nine short jobs pass the slow one: in batches of two they would take 9 + 4.
    results, took = leap(main())
    assert (results, round(took), peak) == (list(range(10)), 9, 2)


async def test_jobs_in_order_raise_an_error_in_its_place_and_cancel_the_rest() -> None:
    ended: list[int] = []

    async def job(number: int) -> int:
        try:
            if number == 2:
                raise ValueError("two")
            if number > 2:
                await asyncio.Event().wait()
            return number
        finally:
            ended.append(number)

    found: list[int] = []
    with pytest.raises(ValueError, match="two"):
        async with aclosing(in_order([partial(job, number) for number in range(5)], 5)) as results:
            async for result in results:
                found.append(result)
    assert (found, sorted(ended)) == ([0, 1], [0, 1, 2, 3, 4])


async def test_a_job_in_order_that_is_cancelled_from_within_ends_the_wait_for_it() -> None:
    async def job() -> int:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        async with aclosing(in_order([job], 1)) as results:
            await asyncio.wait_for(anext(results), 5)
