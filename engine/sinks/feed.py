"""Feeds a sink from a run folder: in a thread of its own beside a run, or at once for a run that is over.

The thread only reads the folder. So a sink that is slow, hangs or fails costs the run nothing but one warning at its end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Final

from promptwire.errors import RunError, UsageError
from promptwire.lazy_pattern import lazy_pattern
from promptwire.results.run import Run
from promptwire.results.run_state import STATE
from promptwire.security.sanitizer import sanitize
from promptwire.security.secrets import hide_credentials, redact
from promptwire.sinks.lines import TraceLines
from promptwire.sinks.sink import Sink

__all__ = ["Feed", "failure_text", "feed_run", "send_run"]

_PAUSE: Final = 0.5
"""Seconds between two looks at the folder."""
_ADDRESS: Final = lazy_pattern(r"\w+://\S+")
_FIRST: Final = 0.05
"""Seconds between two looks whether it may begin."""
_LONGEST: Final = 300
"""Characters of an error that a warning shows."""


class Feed:
    """Sends one run to one sink while it works."""

    def __init__(self, sink: Sink, folder: Path, *, may_begin: Callable[[], bool] = lambda: True) -> None:
        """Start the thread. Nothing is sent before `may_begin`, or the end of the run."""
        self._sink = sink
        self._folder = folder
        self._may_begin = may_begin
        self._ended, self._dropped = Event(), Event()
        self._error = ""
        self._thread = Thread(target=self._work, name=f"promptwire to {sink.target}", daemon=True)
        self._thread.start()

    def close(self, *, drop: bool, patience: float) -> str:
        """Send the rest of the run that has ended, unless `drop`, for at most `patience` seconds; return what went wrong."""
        if drop:
            self._dropped.set()
        self._ended.set()
        self._thread.join(0 if drop else patience)
        if drop:
            return ""
        if self._thread.is_alive():
            return f"it was still sending {patience:g} seconds after the end of the run"
        return self._error

    def warning(self, error: str) -> str:
        """What to tell the user of `error`, and how to send the run again."""
        again = f"promptwire log {self._folder.name} --to {self._sink.target}"
        return f"{self._sink.target} has not got all of this run: {error}; to send it again: {again}"

    def _work(self) -> None:
        try:
            while not (self._may_begin() and self._is_named()) and not self._ended.wait(_FIRST):
                pass
            if not self._dropped.is_set():
                self._send()
        except Exception as error:  # whatever a library or a server does, the run goes on
            self._error = failure_text(error)

    def _is_named(self) -> bool:
        """Whether the folder tells by now what the run is."""
        return os.path.exists(self._folder / STATE)

    def _send(self) -> None:
        self._sink.begin(Run(self._folder), live=True)
        lines = TraceLines(self._folder, self._sink.files)
        while not self._dropped.is_set():
            over = self._ended.is_set()  # looked up before reading: what was written until then is read below
            if found := lines.read():
                self._sink.take(found)
                time.sleep(0)  # the run goes first
            elif over:
                self._sink.end(Run(self._folder))
                return
            else:
                self._ended.wait(_PAUSE)


def feed_run(sink: Sink, folder: Path) -> None:
    """Send a run from its folder. Raises whatever the sink raises."""
    sink.begin(Run(folder), live=False)
    lines = TraceLines(folder, sink.files)
    while found := lines.read():
        sink.take(found)
    sink.end(Run(folder))


def send_run(sink: Sink, folder: Path) -> None:
    """Send a run from its folder. Raises RunError when that fails, whatever the library raises."""
    try:
        feed_run(sink, folder)
    except UsageError:
        raise
    except Exception as error:
        hint = "the same command sends it again"
        raise RunError(f"the run could not be sent to {sink.target}: {failure_text(error)}", hint=hint) from error


def failure_text(error: BaseException) -> str:
    """The error of a library or a server on one line, without secrets and control characters."""
    text = ""
    with suppress(Exception):  # an exception of a library whose text can't be made
        text = str(error)
    bare = _ADDRESS.sub(lambda found: hide_credentials(found[0]), redact(text))
    words = sanitize(" ".join(bare.split()))
    shown = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
    return shown or type(error).__name__
