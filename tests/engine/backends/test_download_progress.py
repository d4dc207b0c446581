"""Progress messages of a download."""

from __future__ import annotations

import threading

from promptwire.backends.download_progress import report


def test_progress_messages_are_not_repeated() -> None:
    total, said = 93_000_000, list[str]()
    sizes = iter([0, 10_000_000, 10_100_000, 92_600_000, total, total])
    size = 0

    class Polls(threading.Event):
        """Wakes once for each size of the growing file."""

        def wait(self, timeout: float | None = None) -> bool:
            nonlocal size
            size = next(sizes, -1)
            return size < 0

    report(lambda: size, total, said.append, Polls())
    assert said == ["10 of 93 MB", "93 of 93 MB"]


def test_a_download_that_goes_on_does_not_repeat_what_was_said_before() -> None:
    said = list[str]()
    polls = iter([False, False, True])

    class Polls(threading.Event):
        """Wakes twice."""

        def wait(self, timeout: float | None = None) -> bool:
            return next(polls)

    report(lambda: 50_000_000, 100_000_000, said.append, Polls())
    assert said == []
