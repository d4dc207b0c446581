"""Store of texts by key in one SQLite file. The only module that imports diskcache.

A cache file is untrusted input. diskcache's own Disks unpickle rows, so a tampered row runs code (CVE-2025-69872). They also
open or delete any file that a row names. `TextDisk` takes text only. diskcache's defaults evict rows from one gigabyte on,
without a message; here no row is evicted.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import diskcache

from promptwire.cache.database import FOREIGN, LOCKED, REMEDY, prepare, remedy, said
from promptwire.errors import CacheError

__all__ = ["add_row", "as_cache_error", "open_store"]

_PATIENCE: Final = 60.0
"""Seconds to wait for another process that is writing."""
_SETTINGS: Final[dict[str, Any]] = {
    "eviction_policy": "none",
    "cull_limit": 0,
    "size_limit": 2**62,
    "statistics": 0,
    "tag_index": 0,
    "disk_min_file_size": 2**62,
    # 4 MB a connection: rows are read once each, through the mapped file, and a full page cache of 32 MB looked like a leak.
    "sqlite_cache_size": 1024,
    "sqlite_journal_mode": "wal",
    "sqlite_synchronous": 1,
}
"""Set at every open: diskcache stores settings in the file, so an untrusted file could otherwise set its own."""
_INSERT: Final = (
    "INSERT OR IGNORE INTO Cache"
    " (key, raw, store_time, expire_time, access_time, access_count, tag, size, mode, filename, value)"
    " VALUES (?, 1, ?, NULL, ?, 0, NULL, 0, ?, NULL, ?)"
)


class TextDisk(diskcache.Disk):  # type: ignore[misc] # diskcache has no types
    """Stores keys and values as text in the database. Rejects every other row; opens and deletes no file."""

    def put(self, key: Any) -> tuple[str, bool]:
        if type(key) is not str:
            raise CacheError(f"a cache key is text, not {type(key).__name__}")
        return key, True

    def get(self, key: Any, raw: Any) -> str:
        if not raw or type(key) is not str:
            raise CacheError(f"{FOREIGN}: a key that is not text", hint=REMEDY)
        return key

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[int, int, None, str]:
        if read or type(value) is not str:
            raise CacheError(f"a cached value is text, not {type(value).__name__}")
        return 0, diskcache.core.MODE_RAW, None, value

    def fetch(self, mode: Any, filename: Any, value: Any, read: bool) -> str:
        if mode != diskcache.core.MODE_RAW or filename is not None or type(value) is not str or read:
            raise CacheError(f"{FOREIGN}: a row that is not text", hint=REMEDY)
        return value

    def filename(self, key: Any = None, value: Any = None) -> tuple[str, str]:
        raise CacheError("cached values are never kept in files")

    def remove(self, file_path: Any) -> None:
        """Do nothing. The cache writes no files, so a row that names one is not its own."""


def open_store(folder: Path) -> Any:
    """Open the store in `folder`; create it when missing. Raises CacheError, OSError or sqlite3.Error."""
    prepare(folder, {*diskcache.core.DEFAULT_SETTINGS, *diskcache.core.METADATA})
    return diskcache.Cache(str(folder), timeout=_PATIENCE, disk=TextDisk, **_SETTINGS)


def add_row(cache: Any, key: str, text: str) -> bool:
    """Add a row to the store `cache`, in a transaction, unless there is one under `key`. Returns whether it was added.

    One statement, in half the time of diskcache's `add`, which reads first. What it does not add, `add` decides.
    """
    now = time.time()
    return cache._sql(_INSERT, (key, now, now, diskcache.core.MODE_RAW, text)).rowcount == 1 or bool(cache.add(key, text))


@contextlib.contextmanager
def as_cache_error(folder: Path, what: str) -> Iterator[None]:
    """Raise errors of the database and the file system as CacheError: the cache in `folder` can't be `what`."""
    began = time.monotonic()
    try:
        yield
    except (diskcache.Timeout, sqlite3.Error, OSError, TypeError, ValueError) as error:
        # diskcache raises Timeout for any error at the start of a transaction; only a long wait means a lock.
        locked = "locked" in str(error) or (isinstance(error, diskcache.Timeout) and time.monotonic() - began > _PATIENCE / 2)
        why = "another process is writing to it" if locked else str(error) and said(error)
        problem = f"the cache in {folder} can't be {what}: {why or 'it is read-only, or the disk is full'}"
        raise CacheError(problem, hint=LOCKED if locked else remedy(error)) from error
