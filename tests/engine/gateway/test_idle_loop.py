"""Idle-aware loop: it calls back once, after all ready tasks."""

from __future__ import annotations

import asyncio

import pytest

from promptwire.gateway.idle_loop import run_loop, when_idle


async def busy(log: list[str], turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    log.append("worked")


def test_the_loop_is_idle_after_all_ready_tasks() -> None:
    log: list[str] = []

    async def main() -> None:
        idle = asyncio.get_running_loop().create_future()
        work = asyncio.create_task(busy(log, 1000))
        when_idle(lambda: (log.append("idle"), idle.set_result(None)))
        await idle
        await work

    run_loop(main())
    assert log == ["worked", "idle"]


def test_the_loop_is_not_idle_before_a_timer_or_a_thread() -> None:
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


async def test_another_kind_of_loop_calls_back_soon() -> None:
    called = asyncio.Event()
    when_idle(called.set)
    await called.wait()


def test_run_loop_raises_the_error_of_its_coroutine() -> None:
    async def main() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_loop(main())
