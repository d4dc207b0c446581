"""Contract of a sink, which sends a run to another program's server.

A sink reads the run folder and nothing else: the lines of the trace as they are written, and the folder when the run has ended.
So a run does not know of its sinks, a sink can't change a run, and the same code sends a run that works and one that is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from promptwire.results.run import Run

__all__ = ["Line", "Sink"]

Line = Mapping[str, Any]
"""One line of the trace as JSON values, with the name of its file under `file`. Another version may have written it."""


@runtime_checkable
class Sink(Protocol):
    """Sends one run to a server. After `__init__`, its methods are called in one thread, which is not that of the run.

    Any exception ends the sending. The run goes on, and one warning names the exception and how to send the run again.
    """

    @property
    def target(self) -> str:
        """Where it sends to, as `--log-to` takes it and without secrets, for messages."""

    @property
    def files(self) -> Sequence[str]:
        """The files of the trace whose lines it wants, such as `events.jsonl`."""

    def begin(self, run: Run, *, live: bool) -> None:
        """Begin to send `run`. It is at work if `live`, else it is sent from its folder."""

    def take(self, lines: Sequence[Line]) -> None:
        """Take the next lines, in the order of the trace but for some that were written at about the same time."""

    def end(self, run: Run) -> None:
        """Send what is only known at the end: the run has ended, and no more lines come."""
