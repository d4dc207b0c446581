"""Rows on their way to the shared cache: those that the server does not have yet, within a limit.

They are safe on the local disk. What exceeds the limit while the server is away stays there only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from promptwire.shared.redis_server import Refusal

__all__ = ["Unpublished"]

_MOST: Final = 64 << 20
"""Bytes of rows that are kept while the server is away."""
_MESSAGE: Final = 4 << 20
"""Bytes of rows in one message."""
_ROWS: Final = 1000
"""Rows in one message."""


class Unpublished:
    """Rows by key, each with the SHA-1 of the row that it may replace."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[str, str]] = {}
        self._bytes = 0
        self._left = 0
        self._refusal = ""
        self._told = False
        self._over = False

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, key: str, row: str, replaces: str) -> None:
        """Take a row. Beyond the limit it is only counted."""
        if self._bytes + len(row) > _MOST:
            self._left += 1
            return
        self._rows[key] = (row, replaces)
        self._bytes += len(row)

    def take(self) -> dict[str, tuple[str, str]]:
        """Rows for one message, oldest first. They stay until `settle`."""
        found: dict[str, tuple[str, str]] = {}
        size = 0
        for key, row in self._rows.items():
            size += len(row[0])
            if found and (size > _MESSAGE or len(found) >= _ROWS):
                break
            found[key] = row
        return found

    def settle(self, rows: Mapping[str, tuple[str, str]], reply: Any) -> None:
        """Remove `rows` unless the server is away, which a reply of None means. Rows that it refused are counted."""
        if reply is None:
            return
        for key, row in rows.items():
            if self._rows.get(key) == row:
                del self._rows[key]
                self._bytes -= len(row[0])
        if isinstance(reply, Refusal):
            self._left += len(rows)
            self._refusal = reply.text

    def give_up(self) -> None:
        """Count the rows that are left: no message takes them any more."""
        self._over = True
        self._left += len(self._rows)
        self._rows.clear()
        self._bytes = 0

    def take_notes(self, where: str) -> list[str]:
        """Say at the first refusal why the server takes no rows, and at the end how many it did not get."""
        notes = []
        if self._refusal and not self._told:
            self._told = True
            notes.append(f"warning: {where} does not store answers: {self._refusal}")
        if self._left and self._over:
            many = "1 answer is" if self._left == 1 else f"{self._left:,} answers are"
            notes.append(f"{many} on this machine only: `promptwire cache push` copies what {where} lacks")
            self._left = 0
        return notes
