"""Background thread that writes jobs in batches.

A batch is the jobs that came while the last batch was written. A single job is written at once, many jobs share a transaction,
and no job waits for a timer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

__all__ = ["Writer"]

J = TypeVar("J")
_BATCH = 100


class Writer(Generic[J]):
    """Passes jobs to `write` in order, about a hundred at a time. `write` must not raise."""

    def __init__(self, write: Callable[[list[J]], None], *, name: str, leave: Callable[[], None]) -> None:
        self._write = write
        self._leave = leave
        self._name = name
        self._queue: SimpleQueue[list[J] | threading.Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._held: list[J] = []

    def put(self, job: J) -> None:
        """Queue `job`; the thread starts with the first one."""
        self.hold(job)
        self.release()

    def hold(self, job: J) -> None:
        """Keep `job` until `release`, `wait` or `stop`: waking the thread once for many jobs saves most of the time of each."""
        with self._guard:
            self._held.append(job)

    def release(self) -> None:
        """Queue the jobs that are held."""
        with self._guard:
            self._release()

    def _release(self) -> None:
        while self._held:
            # Removed after it is queued: an interrupt in between writes jobs twice, but loses none.
            self._queue.put(self._held[:_BATCH])
            del self._held[:_BATCH]
        if self._thread is None and not self._queue.empty():
            self._start()

    def _start(self) -> None:
        # A daemon: the interpreter joins other threads before it runs exit handlers, so it would wait here for ever.
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no thread can be started, as in an exit handler since Python 3.12: this thread writes
            self._thread = None
            jobs: list[J] = []
            while not self._queue.empty():
                item = self._queue.get()
                if isinstance(item, list):
                    jobs += item
            self._write(jobs)

    def wait(self) -> None:
        """Wait until all jobs queued before have been passed to `write`."""
        with self._guard:
            self._release()
            if self._thread is None:
                return
            done = threading.Event()
            self._queue.put(done)
        done.wait()

    def stop(self) -> None:
        """Write the queued jobs and end the thread."""
        with self._guard:
            self._release()
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._queue.put(None)
        thread.join()

    def _work(self) -> None:
        try:
            while True:
                batch, marker, more = self._gather()
                if batch:
                    self._write(batch)
                if marker is not None:
                    marker.set()
                if not more:
                    return
        finally:
            self._leave()

    def _gather(self) -> tuple[list[J], threading.Event | None, bool]:
        """The queued jobs, the marker that ended them, and whether to go on."""
        batch: list[J] = []
        item = self._queue.get()
        while True:
            if item is None:
                return batch, None, False
            if isinstance(item, threading.Event):
                return batch, item, True
            batch += item
            if len(batch) >= _BATCH:
                return batch, None, True
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, None, True
