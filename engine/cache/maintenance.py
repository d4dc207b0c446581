"""Cache maintenance row by row: list, find, verify and prune.

A cache file is untrusted input. This module reads it with plain sqlite3 and JSON, one row at a time and read-only, and treats
every value as text. So a file can be checked before the cache opens it. Only `prune` writes.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptwire.backend import Completion
from promptwire.cache.database import DATABASE, REMEDY, damaged, remedy, said
from promptwire.cache.record import LARGEST, LONGEST_ROW, CacheRecord
from promptwire.errors import CacheError

__all__ = ["KEY", "CacheEntry", "Fault", "find", "look_up", "prune", "rows", "verify"]

KEY: Final = re.compile(r"[0-9a-f]{64}")
"""Form of every cache key."""
_PATIENCE: Final = 60.0
_RAW: Final = 1
_COLUMNS: Final = (
    "SELECT rowid, typeof(key), substr(key, 1, 100), raw, mode, filename IS NOT NULL, typeof(value), length(value),"
    " CASE WHEN length(value) <= ? THEN value END FROM Cache WHERE rowid"
)
_ONE: Final = f"{_COLUMNS} = ?"
_REST: Final = f"{_COLUMNS} > ? ORDER BY rowid"
_NEXT: Final = "SELECT min(rowid) FROM Cache WHERE rowid > ?"
_FIRST: Final = "SELECT min(rowid) FROM Cache"


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A readable row."""

    key: str
    """The cache key."""
    record: CacheRecord
    """The completion and the meta data of its request."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that can't be read."""

    row: int
    """Its number in the database."""
    problem: str
    """The problem of the row."""


def rows(folder: Path) -> Iterator[CacheEntry | Fault]:
    """Every row of the cache in `folder`, oldest first. Raises CacheError when the cache is missing or unreadable."""
    with _opened(folder) as database:
        yield from (row for _, row in _numbered(database))


def find(folder: Path, start: str) -> CacheEntry:
    """The row whose key starts with `start`. Raises CacheError unless there is exactly one."""
    if not re.fullmatch(r"[0-9a-f]{1,64}", start):
        raise CacheError(
            f"{start[:80]!r} is not a key", hint="give the 64 hexadecimal digits of a key, or the first few of them"
        )
    with _opened(folder) as database:
        numbers = database.execute("SELECT rowid FROM Cache WHERE key GLOB ? LIMIT 2", (f"{start}*",)).fetchall()
        found = [_row(database, number) for (number,) in numbers]
    if len(found) != 1:
        many = "more than one answer" if found else "no answer"
        raise CacheError(
            f"the cache holds {many} whose key starts with {start}", hint="list the keys with `promptwire cache ls`"
        )
    if isinstance(found[0], Fault):
        raise CacheError(
            f"row {found[0].row}: {found[0].problem}", hint="remove the row with `promptwire cache prune --unreadable`"
        )
    return found[0]


def look_up(folder: Path, keys: Iterable[str]) -> dict[str, Completion]:
    """The completions of those `keys` that the cache holds. Raises CacheError when the cache is missing or unreadable."""
    found: dict[str, Completion] = {}
    with _opened(folder) as database:
        for key in keys:
            for (number,) in database.execute("SELECT rowid FROM Cache WHERE key = ?", (key,)).fetchall():
                row = _row(database, number)
                if isinstance(row, CacheEntry):
                    found[key] = row.record.completion
    return found


def verify(folder: Path) -> tuple[int, list[Fault]]:
    """Count the readable rows; list the faults of the other rows and of the database. Raises CacheError."""
    sound, faults = 0, []
    with _opened(folder) as database:
        faults += [Fault(0, said[:200]) for (said,) in database.execute("PRAGMA quick_check(20)") if said != "ok"]
    try:
        for row in rows(folder):
            if isinstance(row, Fault):
                faults.append(row)
            else:
                sound += 1
    except CacheError as error:
        if not faults:
            raise
        faults.append(Fault(0, f"the rows after these can't be read: {error.problem}"))
    return sound, faults


def prune(folder: Path, unwanted: Callable[[CacheEntry | Fault], bool]) -> int:
    """Remove the `unwanted` rows in one transaction. Returns how many they were. Raises CacheError."""
    with _opened(folder, write=True) as database:
        removed = [(number,) for number, row in _numbered(database) if unwanted(row)]
        with database:
            database.executemany("DELETE FROM Cache WHERE rowid = ?", removed)
    return len(removed)


@contextlib.contextmanager
def _opened(folder: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the database in `folder`; raise its errors as CacheError."""
    file = folder.absolute() / DATABASE
    if not os.path.isfile(file):
        raise CacheError(
            "there is no cache in this folder", where=str(folder), hint="name another folder with PROMPTWIRE_CACHE"
        )
    try:
        uri = f"{file.as_uri()}?mode={'rw' if write else 'ro'}"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as database:
            # The file's own views and triggers may call no function that reaches beyond the database.
            database.execute("PRAGMA trusted_schema = OFF")
            # length() stops at a NUL, so a value may be longer than reported.
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * LARGEST)
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            _require_table(database, folder)
            yield database
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:  # sqlite3 quotes names of the file in its errors
        raise CacheError(f"the cache can't be read or written: {said(error)}", where=str(folder), hint=remedy(error)) from error


def _require_table(database: sqlite3.Connection, folder: Path) -> None:
    """Raise CacheError unless `Cache` is a table: a view could be endless."""
    kinds = [kind for (kind,) in database.execute("SELECT type FROM sqlite_master WHERE name = 'Cache'")]
    if kinds != ["table"]:
        raise CacheError("this is not a promptwire cache", where=str(folder), hint=REMEDY)


def _numbered(database: sqlite3.Connection) -> Iterator[tuple[int, CacheEntry | Fault]]:
    """Number and content of every row, in one pass. A row that stops the pass is read alone, so that it hides no other."""
    ((number,),) = database.execute(_FIRST).fetchall()
    while number is not None:
        yield number, _row(database, number)
        try:
            for found in database.execute(_REST, (LONGEST_ROW, number)):
                number = found[0]
                yield number, _read(found)
            return
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.DataError) and not damaged(error):
                raise
        ((number,),) = database.execute(_NEXT, (number,)).fetchall()


def _row(database: sqlite3.Connection, number: int) -> CacheEntry | Fault:
    """Read one row by number."""
    try:
        found = database.execute(_ONE, (LONGEST_ROW, number)).fetchone()
    except sqlite3.DataError as error:
        return Fault(number, f"it can't be read: {error}")
    except sqlite3.DatabaseError as error:
        if not damaged(error):
            raise
        return Fault(number, f"it can't be read: {said(error)}")
    return _read(found) if found is not None else Fault(number, "it can't be found")


def _read(found: tuple[int, str, str, int, int, int, str, int, str | None]) -> CacheEntry | Fault:
    """Check the columns of a row and parse its value."""
    number, key_type, key, raw, mode, filename, value_type, size, value = found
    if key_type != "text" or not KEY.fullmatch(key):
        return Fault(number, "its key is not a promptwire key")
    if raw != 1 or mode != _RAW or filename or value_type != "text":
        return Fault(number, "its value is not text in the database")
    if value is None:
        return Fault(number, f"it is too long: {size} bytes")
    record = CacheRecord.read(value)
    return CacheEntry(key, record) if record is not None else Fault(number, "its value is cut off or malformed")
