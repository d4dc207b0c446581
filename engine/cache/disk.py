"""Response cache on disk, so that no request is paid for twice. The only module that imports diskcache.

A cache file is untrusted input. diskcache's own Disks unpickle rows, so a tampered row runs code (CVE-2025-69872). They also
open or delete any file that a row names. `TextDisk` takes text only. diskcache's defaults evict rows from one gigabyte on,
without a message; here no row is evicted. One thread writes, in batches: a write waits up to 0.7 s when another process is
writing. Reading (25 us) never waits and happens in the caller's thread.
"""

from __future__ import annotations

import atexit
import contextlib
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import diskcache

from promptwire.backend import Completion
from promptwire.cache.batch_writer import Writer
from promptwire.cache.database import FOREIGN, LOCKED, REMEDY, Stats, count, prepare, remedy, said
from promptwire.cache.database_handle import DatabaseHandle
from promptwire.cache.fallback_dump import write_fallback_dump
from promptwire.cache.record import LONGEST_ROW, CacheRecord, RequestMeta, filtered
from promptwire.errors import CacheError
from promptwire.security.sanitizer import sanitize

__all__ = ["ResponseCache", "Stats"]

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


@dataclass(slots=True)
class _Job:
    key: str
    record: CacheRecord
    replace: bool
    done: Future[Completion] = field(default_factory=Future)


class ResponseCache:
    """Completions by cache key. Safe for several threads and several processes at once."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder.absolute()
        self._clock = clock
        self._unwritten: dict[str, _Job] = {}
        self.notes: list[str] = []
        """Messages to the user about the cache that were not shown yet."""
        self._wrote = False
        self._guard = threading.Lock()
        with self._as_cache_error("opened"):
            self._cache, self._handle = self._attach()
        self._writer: Writer[_Job] = Writer(self._write, name="promptwire-cache", leave=self._disconnect)
        self._open = True
        atexit.register(self._close_at_exit)

    def get(self, key: str) -> Completion | None:
        """The completion under `key`; None when there is none or it can't be read.

        Raises CacheError for a row that promptwire can't have written.
        """
        record = self.look(key)
        return record.completion if record else None

    def look(self, key: str) -> CacheRecord | None:
        """The record under `key`: the completion with its meta data. Raises CacheError like `get`."""
        waiting = self._unwritten.get(key)
        if waiting is not None:
            return waiting.record
        with self._as_cache_error("read"):
            text = self._cache.get(key)
        return None if text is None else CacheRecord.read(text)

    def put(self, key: str, completion: Completion, *, meta: RequestMeta, replace: bool = False) -> Future[Completion]:
        """Store `completion`. The future gives what is on disk then: another process may have been first.

        With `replace` the new completion replaces an old one. The future raises CacheError when the write failed. The
        completion is then held in memory, and `flush` and `close` try again.
        """
        if not self._open:
            raise CacheError("the cache is closed")
        job = _Job(key, CacheRecord(completion, meta, round(self._clock(), 3)), replace)
        # From here on it can't be cancelled: a completion that is paid for is written even when no step waits.
        job.done.set_running_or_notify_cancel()
        self._writer.put(job)
        return job.done

    def flush(self) -> None:
        """Wait until everything put is on disk. Raises CacheError when a completion could not be written."""
        self._writer.wait()
        self._restore()
        again = [_Job(job.key, job.record, job.replace) for job in list(self._unwritten.values())]
        for job in again:
            job.done.set_running_or_notify_cancel()
            self._writer.put(job)
        failures = [error for error in (job.done.exception() for job in again) if isinstance(error, CacheError)]
        if failures:
            many = f"{len(failures)} paid answers" if len(failures) > 1 else "a paid answer"
            raise CacheError(f"{many} could not be stored: {failures[0].problem}", hint=failures[0].hint)

    def close(self) -> None:
        """Flush, and close the files. Closing twice is allowed.

        Raises CacheError like `flush`. Completions that could not be written are first dumped to another file, which the error
        names.
        """
        if not self._open:
            return
        self._open = False
        atexit.unregister(self._close_at_exit)
        try:
            self.flush()
        except CacheError as error:
            unsaved = self._unsaved()
            found = write_fallback_dump(unsaved) if unsaved else None
            if found is None:
                raise
            hint = f"they are in {found}; {error.hint}, then: promptwire cache import {found}"
            raise CacheError(error.problem, hint=hint) from error
        finally:
            self._writer.stop()
            self._disconnect()
            self._handle.close()

    def take_notes(self) -> list[str]:
        """Return the messages to the user, each once. Raises CacheError like `flush`."""
        self.flush()
        notes, self.notes = self.notes, []
        return notes

    def stats(self) -> Stats:
        """Counts of the cache, read without loading a row into Python."""
        self._writer.wait()
        with self._as_cache_error("read"):
            return count(self.folder)

    def _write(self, jobs: list[_Job]) -> None:
        """Write `jobs` in one transaction, all or none."""
        self._wrote = True
        try:
            self._restore()
            with self._as_cache_error("written"), self._cache.transact():
                outcomes = [self._row(job) for job in jobs]
        except CacheError as error:
            with contextlib.suppress(sqlite3.Error):
                self._disconnect()  # a transaction that could not be committed would stay open on this thread's connection
            for job in jobs:
                self._unwritten[job.key] = job
                job.done.set_exception(error)
            return
        for job, outcome in zip(jobs, outcomes, strict=True):
            self._unwritten.pop(job.key, None)
            if isinstance(outcome, CacheError):
                job.done.set_exception(outcome)
            else:
                job.done.set_result(outcome)

    def _row(self, job: _Job) -> Completion | CacheError:
        """Write one row unless a usable one is there. Returns the completion that is stored now."""
        try:
            text = job.record.write()
        except ValueError as error:
            return CacheError(f"the answer can't be stored: {error}")
        if len(text) > LONGEST_ROW:
            return CacheError(f"the answer is longer than {LONGEST_ROW} bytes", hint="limit replies with max_tokens")
        try:
            if not job.replace and not self._cache.add(job.key, text):
                first = CacheRecord.read(self._cache.get(job.key))
                if first is not None and not filtered(first.completion):
                    return first.completion
                self._cache.set(job.key, text)
            elif job.replace:
                self._cache.set(job.key, text)
        except CacheError as error:
            return error
        return job.record.completion

    def _attach(self) -> tuple[Any, DatabaseHandle]:
        """Open the database in the folder; create it when missing. Raises CacheError, OSError or sqlite3.Error."""
        prepare(self.folder, {*diskcache.core.DEFAULT_SETTINGS, *diskcache.core.METADATA})
        cache = diskcache.Cache(str(self.folder), timeout=_PATIENCE, disk=TextDisk, **_SETTINGS)
        return cache, DatabaseHandle(self.folder)

    def _disconnect(self) -> None:
        """Close this thread's connection."""
        self._cache.close()

    def _restore(self) -> None:
        """Recreate the database with all its rows, if it was deleted after this process wrote to it.

        Raises CacheError when that fails.
        """
        with self._guard:
            if not self._wrote or not self._handle.replaced():
                return
            with self._as_cache_error("made again after it was deleted"):
                cache, handle = self._attach()
                with cache.transact():
                    count = sum(cache.add(key, text) for key, text in self._handle.rows())
            self._disconnect()
            self._handle.close()
            self._cache, self._handle = cache, handle
            gone = f"warning: the cache in {self.folder} was deleted or replaced during the run"
            self.notes.append(f"{gone}; {count} answers were written to it again")

    def _unsaved(self) -> dict[str, CacheRecord]:
        """Records that are in no file. If the file was deleted and not recreated, these are all."""
        found: dict[str, CacheRecord] = {}
        if self._wrote and self._handle.replaced():
            with contextlib.suppress(sqlite3.Error):
                records = ((key, CacheRecord.read(text)) for key, text in self._handle.rows())
                found = {key: record for key, record in records if record is not None}
        return {**found, **{job.key: job.record for job in self._unwritten.values()}}

    @contextlib.contextmanager
    def _as_cache_error(self, what: str) -> Iterator[None]:
        """Raise errors of the database and the file system as CacheError."""
        began = time.monotonic()
        try:
            yield
        except (diskcache.Timeout, sqlite3.Error, OSError, TypeError, ValueError) as error:
            # diskcache raises Timeout for any error at the start of a transaction; only a long wait means a lock.
            locked = "locked" in str(error) or (
                isinstance(error, diskcache.Timeout) and time.monotonic() - began > _PATIENCE / 2
            )
            why = "another process is writing to it" if locked else str(error) and said(error)
            problem = f"the cache in {self.folder} can't be {what}: {why or 'it is read-only, or the disk is full'}"
            raise CacheError(problem, hint=LOCKED if locked else remedy(error)) from error

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except CacheError as error:
            sys.stderr.write(sanitize(f"error: {error}\n"))
