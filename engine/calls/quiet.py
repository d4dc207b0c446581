"""An event loop that can say when nothing is left to do but wait.

A loop asks its selector to wait without an end exactly when no callback is ready and no timer is set: that is the moment. Which
selector a loop has is asyncio's public choice, so nothing private is relied on.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

__all__ = ["QuietLoop", "run_quietly", "when_idle"]

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


class QuietLoop(asyncio.SelectorEventLoop):
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
    if isinstance(loop, QuietLoop):
        loop.call_when_idle(callback)
    else:
        loop.call_soon(callback)


def run_quietly(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` in such a loop. On Windows in its usual one, for this one starts no child processes there."""
    with asyncio.Runner(loop_factory=None if sys.platform == "win32" else QuietLoop) as runner:
        return runner.run(work)
