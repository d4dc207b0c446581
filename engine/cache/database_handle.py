"""Second connection to the database file, to read rows after the file was deleted.

SQLite keeps writing to a deleted file without an error. Those rows are lost when the process ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from promptwire.cache.database import DATABASE

__all__ = ["DatabaseHandle"]

_ROWS: Final = (
    "SELECT key, value FROM Cache WHERE raw = 1 AND mode = 1 AND filename IS NULL"
    " AND typeof(key) = 'text' AND typeof(value) = 'text' ORDER BY rowid"
)


class DatabaseHandle:
    """Keeps the database in `folder` open. Create it after diskcache has opened the file. Raises sqlite3.Error."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / DATABASE
        self._database = sqlite3.connect(f"{self._file.as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        # SQLite opens the write-ahead log with the first read. Later the log may be deleted.
        self._database.execute("SELECT 1 FROM Cache LIMIT 1").fetchall()
        self._identity = self._file_id()

    def replaced(self) -> bool:
        """Whether the file was deleted or replaced."""
        return self._file_id() != self._identity

    def rows(self) -> Iterator[tuple[str, str]]:
        """Key and text of every row, including those written after the file was deleted. Raises sqlite3.Error."""
        yield from self._database.execute(_ROWS)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _file_id(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
