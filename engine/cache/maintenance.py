"""The rows of a cache, looked at one by one: to list, show, verify and weed it.

Plain sqlite3 and JSON, read only, a row at a time: a cache file from a stranger can be looked at with this before anything
else touches it. Nothing in a row is more than text to it. Only `prune` writes.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptwire.cache.database import DATABASE, REMEDY, damaged, remedy, said
from promptwire.cache.record import LARGEST, LONGEST_ROW, CacheRecord
from promptwire.errors import CacheError

__all__ = ["KEY", "CacheEntry", "Fault", "find", "prune", "rows", "verify"]

KEY: Final = re.compile(r"[0-9a-f]{64}")
"""What every key looks like."""
_PATIENCE: Final = 60.0
_RAW: Final = 1
_COLUMNS: Final = (
    "SELECT rowid, typeof(key), substr(key, 1, 100), raw, mode, filename IS NOT NULL, typeof(value), length(value),"
    " CASE WHEN length(value) <= ? THEN value END FROM Cache WHERE rowid = ?"
)


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A row that can be read."""

    key: str
    """The cache key."""
    kept: CacheRecord
    """The answer and what is known of its question."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that can't."""

    row: int
    """Its number in the database."""
    problem: str
    """What is wrong with it."""


def rows(folder: Path) -> Iterator[CacheEntry | Fault]:
    """Every row of the cache in `folder`, the oldest first. Raises CacheError when there is none or it can't be read."""
    with _opened(folder) as database:
        for (number,) in database.execute("SELECT rowid FROM Cache ORDER BY rowid"):
            yield _row(database, number)


def find(folder: Path, start: str) -> CacheEntry:
    """The one row whose key starts with `start`. Raises CacheError when there is none, or more than one."""
    if not re.fullmatch(r"[0-9a-f]{1,64}", start):
        raise CacheError(f"{start[:80]!r} is no key", hint="a key is 64 hexadecimal digits, or the first few of them")
    with _opened(folder) as database:
        numbers = database.execute("SELECT rowid FROM Cache WHERE key GLOB ? LIMIT 2", (f"{start}*",)).fetchall()
        found = [_row(database, number) for (number,) in numbers]
    if len(found) != 1:
        many = "more than one answer" if found else "no answer"
        raise CacheError(f"the cache holds {many} whose key starts with {start}", hint="`promptwire cache ls` lists them")
    if isinstance(found[0], Fault):
        raise CacheError(f"row {found[0].row}: {found[0].problem}", hint="`promptwire cache prune --unreadable` removes it")
    return found[0]


def verify(folder: Path) -> tuple[int, list[Fault]]:
    """How many rows can be read, and what is wrong with the others and with the database itself. Raises CacheError."""
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
    """Remove the rows that are `unwanted`, in one transaction; how many they were. Raises CacheError."""
    with _opened(folder, write=True) as database:
        numbers = database.execute("SELECT rowid FROM Cache ORDER BY rowid").fetchall()
        doomed = [(number,) for (number,) in numbers if unwanted(_row(database, number))]
        with database:
            database.executemany("DELETE FROM Cache WHERE rowid = ?", doomed)
    return len(doomed)


@contextlib.contextmanager
def _opened(folder: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """The database in `folder`, with every error of it as a CacheError."""
    file = folder.absolute() / DATABASE
    if not os.path.isfile(file):
        raise CacheError("there is no cache in this folder", where=str(folder), hint="name another with PROMPTWIRE_CACHE")
    try:
        uri = f"{file.as_uri()}?mode={'rw' if write else 'ro'}"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as database:
            # What the file's own views and triggers may call: nothing that reaches beyond it.
            database.execute("PRAGMA trusted_schema = OFF")
            # length() ends at a NUL, so a value may be longer than it says.
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * LARGEST)
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            _require_table(database, folder)
            yield database
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:  # sqlite3 quotes names of the file in its errors
        raise CacheError(f"the cache can't be read or written: {said(error)}", where=str(folder), hint=remedy(error)) from error


def _require_table(database: sqlite3.Connection, folder: Path) -> None:
    """Raise CacheError unless the rows stand in a table: a view could go on for ever."""
    kinds = [kind for (kind,) in database.execute("SELECT type FROM sqlite_master WHERE name = 'Cache'")]
    if kinds != ["table"]:
        raise CacheError("this is no cache of promptwire's", where=str(folder), hint=REMEDY)


def _row(database: sqlite3.Connection, number: int) -> CacheEntry | Fault:
    """The row with this number. Each is read by itself, so that one that can't be read hides no other."""
    try:
        found = database.execute(_COLUMNS, (LONGEST_ROW, number)).fetchone()
    except sqlite3.DataError as error:
        return Fault(number, f"it can't be read: {error}")
    except sqlite3.DatabaseError as error:
        if not damaged(error):
            raise
        return Fault(number, f"it can't be read: {said(error)}")
    return _read(found) if found is not None else Fault(number, "it can't be found")


def _read(found: tuple[int, str, str, int, int, int, str, int, str | None]) -> CacheEntry | Fault:
    """A row as it is in the database, checked."""
    number, key_type, key, raw, mode, filename, value_type, size, value = found
    if key_type != "text" or not KEY.fullmatch(key):
        return Fault(number, "its key is none of promptwire's")
    if raw != 1 or mode != _RAW or filename or value_type != "text":
        return Fault(number, "its value is not text in the database")
    if value is None:
        return Fault(number, f"it is too long: {size} bytes")
    kept = CacheRecord.read(value)
    return CacheEntry(key, kept) if kept is not None else Fault(number, "its value is cut off or malformed")
