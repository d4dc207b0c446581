"""Event loop that calls back when it is idle.

A loop is idle when no callback is ready and no timer is set. Exactly then it calls its selector without a timeout. asyncio lets
a caller choose the selector, so this uses public API only.
"""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import selectors
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from types import FrameType
from typing import Any, Final, TypeVar

__all__ = ["IdleAwareLoop", "run_anywhere", "run_loop", "when_idle"]

T = TypeVar("T")
_PATIENCE: Final = 0.02
"""Seconds that something from outside, such as a thread's result, may take to arrive before the loop counts as idle."""


class _Selector(selectors.DefaultSelector):
    """A selector that calls back before it waits without a timeout."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Callable[[], object]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready. When the loop is idle, run the callbacks and return nothing, once."""
        if timeout is not None or not self.waiting:
            return super().select(timeout)
        ready = super().select(_PATIENCE)
        if not ready:
            waiting, self.waiting = self.waiting, []
            for call in waiting:
                call()
        return ready


class IdleAwareLoop(asyncio.SelectorEventLoop):
    """asyncio's selector loop with a selector that calls back when idle."""

    def __init__(self) -> None:
        self._idle_selector = _Selector()
        super().__init__(self._idle_selector)

    def call_when_idle(self, callback: Callable[[], object]) -> None:
        """Call `callback` once, as soon as the loop is idle."""
        self._idle_selector.waiting.append(lambda: self.call_soon(callback))


def when_idle(callback: Callable[[], object]) -> None:
    """Call `callback` once when the running loop is idle. Another kind of loop calls it soon."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, IdleAwareLoop):
        loop.call_when_idle(callback)
    else:
        loop.call_soon(callback)


def run_loop(work: Coroutine[Any, Any, T], *, leave: Callable[[], object] | None = None) -> T:
    """Run `work` in an idle-aware loop, as `asyncio.run` does.

    On Windows it uses asyncio's default loop, since a selector loop starts no child processes there. The first Ctrl-C cancels
    `work`, which may need time to end. The second calls `leave`: asyncio itself would raise KeyboardInterrupt at any point of
    the loop, and then wait for all remaining tasks.
    """
    previous = signal.getsignal(signal.SIGINT)
    try:
        with asyncio.Runner(loop_factory=None if sys.platform == "win32" else IdleAwareLoop) as runner:
            return runner.run(work if leave is None else _leaving(work, leave))
    finally:
        if leave is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, previous)


def run_anywhere(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` as `run_loop` does; in a thread of its own when this thread runs an event loop, such as a notebook's.

    That loop is blocked until `work` ends. Ctrl-C cancels `work`, waits for its end and raises KeyboardInterrupt.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run_loop(work)
    ended: Future[T] = Future()
    stop: Future[Callable[[], object]] = Future()
    context = contextvars.copy_context()

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        stop.set_result(lambda: loop.call_soon_threadsafe(task.cancel if task else int))
        return await work

    def thread() -> None:
        try:
            ended.set_result(context.run(run_loop, cancellable()))
        except BaseException as error:
            ended.set_exception(error)

    threading.Thread(target=thread, name="promptwire run").start()
    try:
        return ended.result()
    except KeyboardInterrupt:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            stop.result()()
        ended.exception()
        raise


async def _leaving(work: Coroutine[Any, Any, T], leave: Callable[[], object]) -> T:
    """Run `work`, with a Ctrl-C handler that counts and then calls asyncio's own."""
    asyncio_handler, count = signal.getsignal(signal.SIGINT), itertools.count(1)
    if callable(asyncio_handler) and asyncio_handler is not signal.default_int_handler:

        def on_interrupt(number: int, frame: FrameType | None) -> None:
            if next(count) > 1:
                leave()
            asyncio_handler(number, frame)

        signal.signal(signal.SIGINT, on_interrupt)
    return await work
