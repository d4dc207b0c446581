"""Calls of a function at equal times, for a display: a run that waits for an endpoint has no events of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

__all__ = ["ticking"]


@contextmanager
def ticking(tick: Callable[[], None], pause: float) -> Iterator[None]:
    """Call `tick` every `pause` seconds in a thread until the block ends."""
    ended = Event()

    def ticks() -> None:
        while not ended.wait(pause):
            tick()

    thread = Thread(target=ticks, name="promptwire progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
