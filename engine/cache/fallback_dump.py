"""Fallback file for paid completions that the cache could not write.

It lies on the first disk that has space. `promptwire cache import` reads the file.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from promptwire.cache.jsonl import HEADER, write_line
from promptwire.cache.maintenance import CacheEntry
from promptwire.cache.record import CacheRecord
from promptwire.errors import CacheError
from promptwire.values.hashing import canonical

__all__ = ["dumped", "write_fallback_dump"]


def dumped(error: CacheError, records: Mapping[str, CacheRecord]) -> CacheError | None:
    """Write `records` to a new file; `error` with that file in its hint. None when there are none or no file takes them."""
    found = write_fallback_dump(records) if records else None
    if found is None:
        return None
    return CacheError(error.problem, hint=f"they are in {found}; {error.hint}, then: promptwire cache import {found}")


def write_fallback_dump(records: Mapping[str, CacheRecord]) -> Path | None:
    """Write `records`, by key, to a new file that only the user can read. Returns its path; None when every disk fails."""
    for folder in _folders():
        try:
            handle, name = tempfile.mkstemp(prefix="promptwire-answers-", suffix=".jsonl", dir=folder)
        except OSError:
            continue
        try:
            with open(handle, "w", encoding="ascii") as file:
                file.write(canonical(HEADER) + "\n")
                file.writelines(write_line(CacheEntry(key, record)) + "\n" for key, record in records.items())
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
        else:
            return Path(name)
    return None


def _folders() -> Iterator[Path]:
    """Folders that may have space, the likeliest first."""
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())
    with contextlib.suppress(OSError):
        yield Path.cwd()
    with contextlib.suppress(RuntimeError):
        yield Path.home()
