"""Second connection to the database file: it reads many rows in one statement, and all rows after the file was deleted.

SQLite keeps writing to a deleted file without an error. Those rows are lost when the process ends.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from promptwire.cache.database import DATABASE

__all__ = ["DatabaseHandle"]

_ROWS: Final = (
    "SELECT key, value FROM Cache WHERE raw = 1 AND mode = 1 AND filename IS NULL"
    " AND typeof(key) = 'text' AND typeof(value) = 'text' ORDER BY rowid"
)
_KEYS: Final = 500
"""Keys of one statement: SQLite allows at least 999 variables."""
_TEXTS: Final = (
    "SELECT key, CASE WHEN raw = 1 AND mode = 1 AND filename IS NULL AND expire_time IS NULL THEN value END"
    " FROM Cache WHERE key IN"
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
        self._guard = threading.Lock()

    def replaced(self) -> bool:
        """Whether the file was deleted or replaced."""
        return self._file_id() != self._identity

    def rows(self) -> Iterator[tuple[str, str]]:
        """Key and text of every row, including those written after the file was deleted. Raises sqlite3.Error."""
        yield from self._database.execute(_ROWS)

    def texts(self, keys: Sequence[str]) -> dict[str, str | None]:
        """Texts of the rows under `keys`, by key, in one statement for many keys.

        The text is None where the row is not as promptwire writes it, and for all keys when a row can't be decoded or the
        database can't be read. A key that is not here has no row.
        """
        found: dict[str, str | None] = {}
        try:
            for start in range(0, len(keys), _KEYS):
                some = keys[start : start + _KEYS]
                with self._guard:
                    rows = self._database.execute(f"{_TEXTS} ({','.join('?' * len(some))})", some).fetchall()
                certain = len(dict(rows)) == len(rows)  # of two rows under one key none is
                for key, text in rows:
                    found[key] = text if certain and type(text) is str and "\ufffd" not in text else None
        except (sqlite3.Error, UnicodeError):
            return dict.fromkeys(keys)
        return found

    def close(self) -> None:
        """Close the file, after another thread has ended its reading."""
        with self._guard:
            self._database.close()

    def _file_id(self) -> tuple[int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
