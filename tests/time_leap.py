"""An event loop whose clock leaps: where it would sleep, the time is simply later. For tests of waiting, without waiting.

Only for code that waits for nothing but time: a thread or a socket would be outrun.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["leap"]

T = TypeVar("T")


_STILL = 1000
"""Turns of the loop in which the time may stand still."""
_TICK = 1e-9


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.turns = 0

    def select(self, timeout: float | None = None) -> Any:
        self.turns = 0 if timeout else self.turns + 1
        # asyncio rings a timer a nanosecond early; who then waits for the rest of it would wait for ever if no time passed.
        self.now += timeout or (_TICK if self.turns > _STILL else 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def leap(main: Coroutine[Any, Any, T]) -> T:
    """What `main` gives, run at once however long it waits."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
