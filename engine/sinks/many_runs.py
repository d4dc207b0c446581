"""Sends the runs of a comparison or a sweep as they end, one after another, in a thread of its own.

In MLflow they stand under one entry. A run that is there already is not sent again, so the same command sends what was missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from promptwire.sinks.addresses import make_sink, make_sinks
from promptwire.sinks.feed import failure_text, feed_run
from promptwire.sinks.mlflow import MlflowSink, ParentEntry
from promptwire.sinks.sink import Sink

__all__ = ["ManyRuns"]

_PATIENCE: Final = 60.0
"""Most seconds, after the last run, until the next run is sent. Then the rest is given up."""

_STOPPED: Final = 5.0
"""The same after a command that was stopped."""


class ManyRuns:
    """Runs that are sent to sinks. A sink that fails gets no more of them."""

    def __init__(self, names: Sequence[str], title: str, identity: str) -> None:
        """Start the thread. `title` and `identity` name the entry above the runs. Raises UsageError for a wrong sink."""
        self._targets = {name: sink.target for name, sink in zip(dict.fromkeys(names), make_sinks(names), strict=True)}
        self._parents = {name: ParentEntry(title, identity) for name in self._targets}
        self._failed: dict[str, str] = {}
        self._runs: SimpleQueue[tuple[Path, bool] | None] = SimpleQueue()
        self._sent: SimpleQueue[None] = SimpleQueue()
        self._waiting = 0
        self._thread = Thread(target=self._work, name="promptwire runs to sinks", daemon=True)
        if self._targets:
            self._thread.start()

    def add(self, folder: Path, *, before: bool = False) -> None:
        """Send the run in `folder`; one of `before` this command only to sinks that know what they have."""
        if self._targets:
            self._waiting += 1
            self._runs.put((folder, before))

    def close(self, *, stopped: bool = False) -> list[str]:
        """Wait until all are sent, and return what went wrong: one line for each sink that failed.

        After a command that was `stopped`, it waits less: who presses Ctrl-C wants the end.
        """
        patience = _STOPPED if stopped else _PATIENCE
        if not self._targets:
            return []
        self._runs.put(None)
        try:
            for _ in range(self._waiting + 1):
                self._sent.get(timeout=patience)
                self._waiting -= 1
        except Empty:
            for name in self._targets:
                self._failed.setdefault(name, f"it took more than {patience:g} seconds for one run")
        return [
            f"{self._targets[name]} has not got all runs: {error}; the same command, when it works, sends what is missing"
            for name, error in self._failed.items()
        ]

    def _work(self) -> None:
        while (one := self._runs.get()) is not None:
            for name in self._targets:
                self._send(name, *one)
            self._sent.put(None)
        for name, parent in self._parents.items():
            if name not in self._failed:
                try:
                    parent.end()
                except Exception as error:
                    self._failed[name] = failure_text(error)
        self._sent.put(None)

    def _send(self, name: str, folder: Path, before: bool) -> None:
        if name in self._failed:
            return
        try:
            sink: Sink = make_sink(name)
            if isinstance(sink, MlflowSink):
                sink.put_under(self._parents[name])
            elif before:
                return
            feed_run(sink, folder)
        except Exception as error:  # whatever a library or a server does, the other runs go on
            self._failed[name] = failure_text(error)
