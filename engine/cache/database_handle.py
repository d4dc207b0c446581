"""A second hold on the database file: its rows can still be read after the file was deleted or replaced.

SQLite goes on with a file that has no name any more, without an error. What it then takes is lost when the process ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from promptwire.cache.database import DATABASE

__all__ = ["Keeper"]

_ROWS: Final = (
    "SELECT key, value FROM Cache WHERE raw = 1 AND mode = 1 AND filename IS NULL"
    " AND typeof(key) = 'text' AND typeof(value) = 'text' ORDER BY rowid"
)


class Keeper:
    """Holds the database in `folder` open. Made after diskcache has opened it. Raises sqlite3.Error."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / DATABASE
        self._database = sqlite3.connect(f"{self._file.as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        # The log beside the file is opened with the first read: later it may have no name any more.
        self._database.execute("SELECT 1 FROM Cache LIMIT 1").fetchall()
        self._identity = self._now()

    def gone(self) -> bool:
        """Whether the file under its name is another one now, or none."""
        return self._now() != self._identity

    def rows(self) -> Iterator[tuple[str, str]]:
        """Key and text of every row, those included that came after the file was deleted. Raises sqlite3.Error."""
        yield from self._database.execute(_ROWS)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
