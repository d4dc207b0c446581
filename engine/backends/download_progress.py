"""Progress messages of a download: a thread looks at the size of the file and reports every tenth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Say", "report", "watched"]

Say = Callable[[str], None]

_POLL = 0.5
"""Seconds between two looks."""


@contextmanager
def watched(size: Callable[[], int], total: int, say: Say) -> Iterator[None]:
    """Report the progress while the block runs; `size` returns the bytes that are here."""
    stop = threading.Event()
    reporter = threading.Thread(target=report, args=(size, total, say, stop), daemon=True)
    reporter.start()
    try:
        yield
    finally:
        stop.set()
        reporter.join()


def report(size: Callable[[], int], total: int, say: Say, stop: threading.Event) -> None:
    """Report at every tenth until `stop` is set."""
    said, last = size() * 10 // max(total, 1), ""
    while not stop.wait(_POLL):
        have = size()
        if have * 10 // max(total, 1) > said:
            said = have * 10 // max(total, 1)
            text = f"{have / 1e6:.0f} of {total / 1e6:.0f} MB"
            if text != last:  # the last tenth may round to the total
                say(text)
            last = text
