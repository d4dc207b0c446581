"""Answers on disk, so that no question is paid twice. The only module that knows diskcache.

What is in a cache file is data from a stranger. diskcache's own Disks unpickle what they find (a tampered row runs code:
CVE-2025-69872) and open or delete whatever file a row names; `TextDisk` takes text and nothing else. Its defaults would also
throw away paid answers without a word from one gigabyte on; here nothing is evicted. One thread writes, in batches, since a
write waits up to 0.7 s when another process is writing; reading (25 us) never waits and is done in place.
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
from promptwire.cache.database_handle import Keeper
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
"""Given at every open: diskcache keeps settings in the file, so the file could otherwise bring its own."""


class TextDisk(diskcache.Disk):  # type: ignore[misc] # diskcache has no types
    """Keys and values are text inside the database; whatever else a row says is refused, and no file is ever touched."""

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
        """Nothing: a file named by a row is none of ours."""


@dataclass(slots=True)
class _Job:
    key: str
    kept: CacheRecord
    replace: bool
    done: Future[Completion] = field(default_factory=Future)


class ResponseCache:
    """Answers by key. `get` from any thread, `put` from any thread, several processes at once."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder.absolute()
        self._clock = clock
        self._unwritten: dict[str, _Job] = {}
        self.notes: list[str] = []
        """What the user should know of how answers were kept, and was not told yet."""
        self._wrote = False
        self._guard = threading.Lock()
        with self._complaining("opened"):
            self._cache, self._keeper = self._attach()
        self._writer: Writer[_Job] = Writer(self._write, name="promptwire-cache", leave=self._let_go)
        self._open = True
        atexit.register(self._leave)

    def get(self, key: str) -> Completion | None:
        """The answer under `key`; None when there is none that can be read.

        Raises CacheError for a row that promptwire can't have written.
        """
        kept = self.look(key)
        return kept.answer if kept else None

    def look(self, key: str) -> CacheRecord | None:
        """The answer under `key` with the note on it. Raises CacheError like `get`."""
        waiting = self._unwritten.get(key)
        if waiting is not None:
            return waiting.kept
        with self._complaining("read"):
            text = self._cache.get(key)
        return None if text is None else CacheRecord.read(text)

    def put(self, key: str, answer: Completion, *, note: RequestMeta, replace: bool = False) -> Future[Completion]:
        """Store `answer`, and give what is stored once it is on disk: another process may have been first.

        With `replace` the new answer takes the place of an old one. The future raises CacheError when nothing could be
        written; the answer is then held in memory and tried again by `flush` and `close`.
        """
        if not self._open:
            raise CacheError("the cache is closed")
        job = _Job(key, CacheRecord(answer, note, round(self._clock(), 3)), replace)
        # From here on it can't be cancelled: an answer that was paid for is written whoever stops waiting.
        job.done.set_running_or_notify_cancel()
        self._writer.put(job)
        return job.done

    def flush(self) -> None:
        """Return when all that was put is on disk. Raises CacheError when something could not be written."""
        self._writer.wait()
        self._restore()
        again = [_Job(job.key, job.kept, job.replace) for job in list(self._unwritten.values())]
        for job in again:
            job.done.set_running_or_notify_cancel()
            self._writer.put(job)
        failures = [error for error in (job.done.exception() for job in again) if isinstance(error, CacheError)]
        if failures:
            many = f"{len(failures)} paid answers" if len(failures) > 1 else "a paid answer"
            raise CacheError(f"{many} could not be kept: {failures[0].problem}", hint=failures[0].hint)

    def close(self) -> None:
        """Flush, and let go of the files. Closing twice is fine.

        Raises CacheError like `flush`, after what could not be written was written elsewhere; the error says where.
        """
        if not self._open:
            return
        self._open = False
        atexit.unregister(self._leave)
        try:
            self.flush()
        except CacheError as error:
            left = self._left()
            found = write_fallback_dump(left) if left else None
            if found is None:
                raise
            hint = f"they are in {found}; {error.hint}, then: promptwire cache import {found}"
            raise CacheError(error.problem, hint=hint) from error
        finally:
            self._writer.stop()
            self._let_go()
            self._keeper.close()

    def take_notes(self) -> list[str]:
        """What the user should know of how answers were kept, each note once. Raises CacheError like `flush`."""
        self.flush()
        notes, self.notes = self.notes, []
        return notes

    def stats(self) -> Stats:
        """What is in it, read without touching a row in Python."""
        self._writer.wait()
        with self._complaining("read"):
            return count(self.folder)

    def _write(self, jobs: list[_Job]) -> None:
        """Write `jobs` in one transaction; all or none."""
        self._wrote = True
        try:
            self._restore()
            with self._complaining("written"), self._cache.transact():
                outcomes = [self._row(job) for job in jobs]
        except CacheError as error:
            with contextlib.suppress(sqlite3.Error):
                self._let_go()  # a transaction that could not be committed would stay open on this thread's connection
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
        """Write one row unless a usable one is there; the answer that is stored now."""
        try:
            text = job.kept.write()
        except ValueError as error:
            return CacheError(f"the answer can't be kept: {error}")
        if len(text) > LONGEST_ROW:
            return CacheError(f"the answer is longer than {LONGEST_ROW} bytes", hint="limit replies with max_tokens")
        try:
            if not job.replace and not self._cache.add(job.key, text):
                first = CacheRecord.read(self._cache.get(job.key))
                if first is not None and not filtered(first.answer):
                    return first.answer
                self._cache.set(job.key, text)
            elif job.replace:
                self._cache.set(job.key, text)
        except CacheError as error:
            return error
        return job.kept.answer

    def _attach(self) -> tuple[Any, Keeper]:
        """Open the database in the folder, made when it is not there. Raises CacheError, OSError or sqlite3.Error."""
        prepare(self.folder, {*diskcache.core.DEFAULT_SETTINGS, *diskcache.core.METADATA})
        cache = diskcache.Cache(str(self.folder), timeout=_PATIENCE, disk=TextDisk, **_SETTINGS)
        return cache, Keeper(self.folder)

    def _let_go(self) -> None:
        """Close this thread's connection."""
        self._cache.close()

    def _restore(self) -> None:
        """Make the database again, with all its rows, when it was deleted or replaced after this process wrote to it.

        Raises CacheError when that can't be done.
        """
        with self._guard:
            if not self._wrote or not self._keeper.gone():
                return
            with self._complaining("made again after it was deleted"):
                cache, keeper = self._attach()
                with cache.transact():
                    count = sum(cache.add(key, text) for key, text in self._keeper.rows())
            self._let_go()
            self._keeper.close()
            self._cache, self._keeper = cache, keeper
            gone = f"warning: the cache in {self.folder} was deleted or replaced during the run"
            self.notes.append(f"{gone}; {count} answers were written to it again")

    def _left(self) -> dict[str, CacheRecord]:
        """The answers that are in no file: those not written, and all when the file was deleted and could not be made again."""
        found: dict[str, CacheRecord] = {}
        if self._wrote and self._keeper.gone():
            with contextlib.suppress(sqlite3.Error):
                found = {key: kept for key, text in self._keeper.rows() if (kept := CacheRecord.read(text)) is not None}
        return {**found, **{job.key: job.kept for job in self._unwritten.values()}}

    @contextlib.contextmanager
    def _complaining(self, what: str) -> Iterator[None]:
        """Turn what the database and the file system may say into CacheError."""
        began = time.monotonic()
        try:
            yield
        except (diskcache.Timeout, sqlite3.Error, OSError, TypeError, ValueError) as error:
            # diskcache says Timeout for whatever hinders the start of a transaction, so look whether it did wait.
            locked = "locked" in str(error) or (
                isinstance(error, diskcache.Timeout) and time.monotonic() - began > _PATIENCE / 2
            )
            why = "another process is writing to it" if locked else str(error) and said(error)
            problem = f"the cache in {self.folder} can't be {what}: {why or 'it is read-only, or the disk is full'}"
            raise CacheError(problem, hint=LOCKED if locked else remedy(error)) from error

    def _leave(self) -> None:
        try:
            self.close()
        except CacheError as error:
            sys.stderr.write(sanitize(f"error: {error}\n"))
