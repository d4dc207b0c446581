"""A loop that says when it is idle: not before the last thing is done, and once."""

from __future__ import annotations

import asyncio

import pytest

from promptwire.gateway.idle_loop import run_loop, when_idle


async def busy(log: list[str], turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    log.append("worked")


def test_it_is_idle_when_nothing_else_can_go_on() -> None:
    log: list[str] = []

    async def main() -> None:
        idle = asyncio.get_running_loop().create_future()
        work = asyncio.create_task(busy(log, 1000))
        when_idle(lambda: (log.append("idle"), idle.set_result(None)))
        await idle
        await work

    run_loop(main())
    assert log == ["worked", "idle"]


def test_a_timer_that_is_set_is_waited_for_and_a_thread_for_a_moment() -> None:
    log: list[str] = []

    async def main() -> None:
        idle = asyncio.get_running_loop().create_future()
        timer = asyncio.get_running_loop().call_later(0.01, log.append, "timer")
        thread = asyncio.create_task(asyncio.to_thread(log.append, "thread"))
        when_idle(lambda: (log.append("idle"), idle.set_result(None)))
        await idle
        await thread
        timer.cancel()

    run_loop(main())
    assert sorted(log[:2]) == ["thread", "timer"]
    assert log[2:] == ["idle"]


async def test_a_loop_that_can_not_tell_calls_back_soon() -> None:
    called = asyncio.Event()
    when_idle(called.set)
    await called.wait()


def test_an_error_comes_through_as_it_is() -> None:
    async def main() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_loop(main())
