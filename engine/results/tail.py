"""Lines of a file that another writer adds to, each read once. A line without its end waits for the next look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from promptwire.results.lenient import read_line

__all__ = ["Tail"]


class Tail:
    """Reads the new lines of a JSON Lines file that grows. A file that is not there yet has none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def lines(self, most: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the JSON objects of the lines that are new, of at most `most` lines."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                for line in islice(iter(file.readline, b""), most):
                    if not line.endswith(b"\n"):
                        return
                    self._at += len(line)
                    if (row := read_line(line)) is not None:
                        yield row
        except OSError:
            return
