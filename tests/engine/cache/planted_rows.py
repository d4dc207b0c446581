"""Rows that untrusted input could hold, written past the cache."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from promptwire.cache.record import RequestMeta

META = RequestMeta("a model", "generate")


def plant(folder: Path, key: Any, *, raw: int = 1, mode: int = 1, filename: str | None = None, value: Any = None) -> None:
    """Write a row as untrusted input could hold it."""
    database = sqlite3.connect(folder / "cache.db")
    with database:
        database.execute("DELETE FROM Cache WHERE key = ?", (key,))
        database.execute(
            "INSERT INTO Cache (key, raw, mode, filename, value) VALUES (?, ?, ?, ?, ?)", (key, raw, mode, filename, value)
        )
    database.close()
