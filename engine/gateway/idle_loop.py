"""An event loop that can say when nothing is left to do but wait.

A loop asks its selector to wait without an end exactly when no callback is ready and no timer is set: that is the moment. Which
selector a loop has is asyncio's public choice, so nothing private is relied on.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, Final, TypeVar

__all__ = ["IdleAwareLoop", "run_loop", "when_idle"]

T = TypeVar("T")
_PATIENCE: Final = 0.02
"""Seconds that something from outside, such as a thread's result, may take to arrive before the loop counts as idle."""


class _Selector(selectors.DefaultSelector):
    """A selector that calls back before it waits without an end."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Callable[[], object]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; nothing, once, when the loop is idle and somebody wants to know."""
        if timeout is not None or not self.waiting:
            return super().select(timeout)
        ready = super().select(_PATIENCE)
        if not ready:
            waiting, self.waiting = self.waiting, []
            for call in waiting:
                call()
        return ready


class IdleAwareLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop with such a selector."""

    def __init__(self) -> None:
        self._quiet = _Selector()
        super().__init__(self._quiet)

    def call_when_idle(self, callback: Callable[[], object]) -> None:
        """Call `callback` once, as soon as nothing else can go on."""
        self._quiet.waiting.append(lambda: self.call_soon(callback))


def when_idle(callback: Callable[[], object]) -> None:
    """Call `callback` once when the running loop is idle; soon, if it is a loop that can't tell."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, IdleAwareLoop):
        loop.call_when_idle(callback)
    else:
        loop.call_soon(callback)


def run_loop(work: Coroutine[Any, Any, T], *, leave: Callable[[], object] | None = None) -> T:
    """`asyncio.run` in such a loop. On Windows in its usual one, for this one starts no child processes there.

    The first Ctrl-C cancels `work`, which may take its time to end. `leave` is called by the second: asyncio itself would raise
    KeyboardInterrupt wherever it finds the loop, and then wait for all that is left.
    """
    heard = signal.getsignal(signal.SIGINT)
    try:
        with asyncio.Runner(loop_factory=None if sys.platform == "win32" else IdleAwareLoop) as runner:
            return runner.run(work if leave is None else _leaving(work, leave))
    finally:
        if leave is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, heard)


async def _leaving(work: Coroutine[Any, Any, T], leave: Callable[[], object]) -> T:
    """`work`, with asyncio's handler of Ctrl-C behind one that counts."""
    behind, count = signal.getsignal(signal.SIGINT), itertools.count(1)
    if callable(behind) and behind is not signal.default_int_handler:

        def hear(number: int, frame: FrameType | None) -> None:
            if next(count) > 1:
                leave()
            behind(number, frame)

        signal.signal(signal.SIGINT, hear)
    return await work
