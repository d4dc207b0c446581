"""Answers as lines of JSON: the form in which they leave a cache, for another one or for a bundle.

Where a line is read it comes from a stranger: whatever is no answer is None, never an error of Python's.
"""

from __future__ import annotations

import json
from typing import Final

from promptwire.cache.maintenance import KEY, CacheEntry
from promptwire.cache.record import CacheRecord
from promptwire.values.hashing import canonical

__all__ = ["HEADER", "line_of", "row_in"]

HEADER: Final = {"promptwire": "answers", "version": 1}
"""The first line of a file of answers."""


def line_of(row: CacheEntry) -> str:
    """A row as a line."""
    return canonical({"key": row.key, "row": json.loads(row.kept.write())})


def row_in(line: str) -> CacheEntry | None:
    """The row in a line; None when it is malformed."""
    try:
        data = json.loads(line)
        key, text = data["key"], canonical(data["row"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    kept = CacheRecord.read(text) if type(key) is str and KEY.fullmatch(key) else None
    return CacheEntry(key, kept) if kept is not None else None
