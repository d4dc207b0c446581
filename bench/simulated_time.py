"""An event loop with a simulated clock: it skips waiting times, for tests of waiting.

Only for code that waits only for time: the clock would run ahead of a thread or a socket.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["leap"]

T = TypeVar("T")


_STILL = 1000
"""Most turns of the loop without progress of time."""
_TICK = 1e-9


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.turns = 0

    def select(self, timeout: float | None = None) -> Any:
        self.turns = 0 if timeout else self.turns + 1
        # asyncio fires a timer a nanosecond early; waiting for the rest would not end without progress of time.
        self.now += timeout or (_TICK if self.turns > _STILL else 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def leap(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` without its waiting times and return its result."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
