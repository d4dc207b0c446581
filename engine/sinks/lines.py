"""Lines of a run's trace for a sink: those of several files together, in the order in which they were written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from promptwire.results.lenient import as_int
from promptwire.results.tail import Tail
from promptwire.sinks.sink import Line

__all__ = ["TraceLines"]

_MOST: Final = 2000
"""Most lines of a file that are read at once: a trace of a million lines is never in memory as a whole."""


class TraceLines:
    """Reads the lines that a run adds to some files of its trace."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        self._tails = {name: Tail(folder / name) for name in files}

    def read(self) -> list[Line]:
        """Return the next lines by their number; none when there are no more for now."""
        found: list[Line] = []
        for name, tail in self._tails.items():
            found += ({**line, "file": name} for line in tail.lines(_MOST))
        found.sort(key=lambda line: as_int(line.get("n")))
        return found
