"""Cache entries as JSON lines, for exports and bundles.

A line is untrusted input: an invalid line reads as None and never raises.
"""

from __future__ import annotations

from typing import Final

from promptwire.cache.maintenance import KEY, CacheEntry
from promptwire.cache.record import CacheRecord, read_numbers
from promptwire.values.hashing import canonical

__all__ = ["HEADER", "read_line", "write_line"]

HEADER: Final = {"promptwire": "answers", "version": 1}
"""First line of an export file."""


def write_line(row: CacheEntry) -> str:
    """The JSON line of a cache entry."""
    return f'{{"key":{canonical(row.key)},"row":{row.record.write()}}}'


def read_line(line: str) -> CacheEntry | None:
    """The cache entry in a line; None when it is malformed."""
    try:
        data = read_numbers(line)
        key, text = data["key"], canonical(data["row"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    record = CacheRecord.read(text) if type(key) is str and KEY.fullmatch(key) else None
    return CacheEntry(key, record) if record is not None else None
