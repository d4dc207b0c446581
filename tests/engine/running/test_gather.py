"""Concurrent jobs: results in the written order, and one error of several."""

from __future__ import annotations

import asyncio

import pytest

from promptwire.running.gather import first_error, gather


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
