"""Response cache on disk, so that no request is paid for twice.

The rows are in the store of `promptwire.cache.text_store`. One thread writes, in batches: a write waits up to 0.7 s when
another process is writing. Reading never waits and happens in the caller's thread. `get` reads one row. `find` reads many in
one statement, in about a tenth of the time for each.
"""

from __future__ import annotations

import atexit
import contextlib
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promptwire.backend import Completion
from promptwire.cache.batch_writer import Writer
from promptwire.cache.database import Stats, count
from promptwire.cache.database_handle import DatabaseHandle
from promptwire.cache.fallback_dump import dumped
from promptwire.cache.record import LONGEST_ROW, CacheRecord, RequestMeta, filtered, read_completion
from promptwire.cache.text_store import add_row, as_cache_error, open_store
from promptwire.errors import CacheError
from promptwire.security.sanitizer import sanitize

__all__ = ["ResponseCache", "Stats", "Told"]


Told = Callable[[Completion | CacheError], None]
"""Called by the writing thread with the completion that is on disk, or with the error of the write."""


@dataclass(frozen=True, slots=True)
class _Job:
    key: str
    record: CacheRecord
    replace: bool
    told: Told


class ResponseCache:
    """Completions by cache key. Safe for several threads and several processes at once."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder.absolute()
        self._clock = clock
        self._unwritten: dict[str, _Job] = {}
        self.notes: list[str] = []
        """Messages to the user about the cache that were not shown yet."""
        self.written: dict[str, str] | None = None
        """Texts of the rows that were written, by key, for who sets it to a mapping and takes them out again."""
        self._wrote = False
        self._guard = threading.Lock()
        with as_cache_error(self.folder, "opened"):
            self._cache, self._handle = _attach(self.folder)
        self._writer: Writer[_Job] = Writer(self._write, name="promptwire-cache", leave=self._disconnect)
        self._open = True
        atexit.register(self._close_at_exit)

    def get(self, key: str) -> Completion | None:
        """The completion under `key`; None when there is none or it can't be read.

        Raises CacheError for a row that promptwire can't have written.
        """
        found = self._found(key)
        if isinstance(found, str):
            return read_completion(found)
        return found.completion if found else None

    def find(self, keys: Sequence[str]) -> dict[str, Completion | None]:
        """The completions under `keys`, by key, read together.

        Where it is None, `get` reads or explains the row. A key that is not here has no row.
        """
        found: dict[str, Completion | None] = {}
        if self._unwritten:
            found.update({key: job.record.completion for key in keys if (job := self._unwritten.get(key))})
        for key, text in self._handle.texts([key for key in keys if key not in found]).items():
            found[key] = None if text is None else read_completion(text)
        return found

    def look(self, key: str) -> CacheRecord | None:
        """The record under `key`: the completion with its meta data. Raises CacheError like `get`."""
        found = self._found(key)
        return CacheRecord.read(found) if isinstance(found, str) else found

    def _found(self, key: str) -> str | CacheRecord | None:
        """The text under `key`, or a record that could not be written yet. Raises CacheError like `get`."""
        waiting = self._unwritten.get(key)
        if waiting is not None:
            return waiting.record
        with as_cache_error(self.folder, "read"):
            text: str | None = self._cache.get(key)
        return text

    def put(self, key: str, completion: Completion, *, meta: RequestMeta, replace: bool = False) -> Future[Completion]:
        """Store `completion`. The future gives what is on disk then: another process may have been first.

        With `replace` the new completion replaces an old one. The future raises CacheError when the write failed. The
        completion is then held in memory, and `flush` and `close` try again.
        """
        done, told = _promise()
        self.hold(key, completion, told, meta=meta, replace=replace)
        self.release()
        return done

    def hold(self, key: str, completion: Completion, told: Told, *, meta: RequestMeta, replace: bool = False) -> None:
        """Store `completion` with the next `release`, `flush` or `close`, and call `told` then."""
        if not self._open:
            raise CacheError("the cache is closed")
        self._writer.hold(_Job(key, CacheRecord(completion, meta, round(self._clock(), 3)), replace, told))

    def release(self) -> None:
        """Write all completions that are held, in one transaction if they are not too many."""
        self._writer.release()

    def flush(self) -> None:
        """Wait until everything put is on disk. Raises CacheError when a completion could not be written."""
        self._writer.wait()
        self._restore()
        again: list[Future[Completion]] = []
        for job in list(self._unwritten.values()):
            done, told = _promise()
            again.append(done)
            self._writer.hold(replace(job, told=told))
        self._writer.release()
        failures = [error for error in (done.exception() for done in again) if isinstance(error, CacheError)]
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
            told = dumped(error, self._unsaved())
            if told is None:
                raise
            raise told from error
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
        with as_cache_error(self.folder, "read"):
            return count(self.folder)

    def _write(self, jobs: list[_Job]) -> None:
        """Write `jobs` in one transaction, all or none."""
        self._wrote = True
        try:
            self._restore()
            with as_cache_error(self.folder, "written"), self._cache.transact():
                outcomes = [self._row(job) for job in jobs]
        except CacheError as error:
            with contextlib.suppress(sqlite3.Error):
                self._disconnect()  # a transaction that could not be committed would stay open on this thread's connection
            for job in jobs:
                self._unwritten[job.key] = job
                job.told(error)
            return
        for job, outcome in zip(jobs, outcomes, strict=True):
            self._unwritten.pop(job.key, None)
            job.told(outcome)

    def _row(self, job: _Job) -> Completion | CacheError:
        """Write one row unless a usable one is there. Returns the completion that is stored now."""
        try:
            text = job.record.write()
        except ValueError as error:
            return CacheError(f"the answer can't be stored: {error}")
        if len(text) > LONGEST_ROW:
            return CacheError(f"the answer is longer than {LONGEST_ROW} bytes", hint="limit replies with max_tokens")
        try:
            if not job.replace and not add_row(self._cache, job.key, text):
                first = CacheRecord.read(self._cache.get(job.key))
                if first is not None and not filtered(first.completion):
                    return first.completion
                self._cache.set(job.key, text)
            elif job.replace:
                self._cache.set(job.key, text)
        except CacheError as error:
            return error
        if self.written is not None:
            self.written[job.key] = text
        return job.record.completion

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
            with as_cache_error(self.folder, "made again after it was deleted"):
                cache, handle = _attach(self.folder)
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

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except CacheError as error:
            sys.stderr.write(sanitize(f"error: {error}\n"))


def _promise() -> tuple[Future[Completion], Told]:
    """A future that can't be cancelled, since a paid completion is written even when no step waits; and what resolves it."""
    done: Future[Completion] = Future()
    done.set_running_or_notify_cancel()

    def told(outcome: Completion | CacheError) -> None:
        if done.done():  # an interrupt made the writer write it twice
            return
        if isinstance(outcome, CacheError):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)

    return done, told


def _attach(folder: Path) -> tuple[Any, DatabaseHandle]:
    """Open the database in `folder`; create it when missing. Raises CacheError, OSError or sqlite3.Error."""
    return open_store(folder), DatabaseHandle(folder)
