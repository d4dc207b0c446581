"""Database file of the cache: create it, check it before diskcache opens it, count rows.

diskcache sets an attribute of its own for every row of the table Settings, whatever the name. A file is untrusted input, so
plain sqlite3 checks it first.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptwire.errors import CacheError
from promptwire.security.untrusted_numbers import MOST_USD

__all__ = ["DATABASE", "FOREIGN", "LOCKED", "REMEDY", "Stats", "count", "damaged", "prepare", "remedy", "said"]

FOREIGN: Final = "the cache holds data that promptwire did not write"
REMEDY: Final = "delete the folder if you don't know where it comes from; or name another one with PROMPTWIRE_CACHE"

DATABASE: Final = "cache.db"
"""Name of the file in the folder."""
_PATIENCE: Final = 60.0
_OTHER: Final = "or name another folder with PROMPTWIRE_CACHE"
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REMEDIES: Final[dict[int, str]] = {
    sqlite3.SQLITE_CORRUPT: "the file is damaged: save what can be read with `promptwire cache export FILE`, move the folder"
    f" away, then `promptwire cache import FILE`; {_OTHER}",
    sqlite3.SQLITE_NOTADB: f"the file is not a database: move it away, {_OTHER}",
    sqlite3.SQLITE_FULL: f"free some space, {_OTHER}",
    sqlite3.SQLITE_READONLY: f"check the folder's permissions, {_OTHER}",
    sqlite3.SQLITE_CANTOPEN: f"check the folder's permissions, {_OTHER}",
    sqlite3.SQLITE_PERM: f"check the folder's permissions, {_OTHER}",
    sqlite3.SQLITE_BUSY: f"wait until the other process is done, {_OTHER}",
    sqlite3.SQLITE_LOCKED: f"wait until the other process is done, {_OTHER}",
}
"""Hints for errors of the database, by primary error code."""
LOCKED: Final = _REMEDIES[sqlite3.SQLITE_LOCKED]
"""Hint for the case that another process writes for too long."""
_MODELS: Final = (
    "SELECT CASE WHEN json_type(value, '$.model') = 'text' THEN json_extract(value, '$.model') ELSE '' END,"
    " json_extract(value, '$.answer.usd') FROM Cache WHERE typeof(value) = 'text' AND json_valid(value)"
)
"""Model and price of each row. SQLite would sort all rows to group them, in twice the time and a file of its own."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of a cache."""

    rows: int
    """Rows, including those that can't be read."""
    bytes: int
    """Size on disk."""
    models: dict[str, tuple[int, float, int]]
    """By model identity: completions, US dollars of the priced ones, and how many have no known price."""

    @property
    def usd(self) -> float:
        """US dollars of the completions with a known price."""
        return sum(usd for _, usd, _ in self.models.values())

    @property
    def unpriced(self) -> int:
        """Completions without a known price, including those with a price out of range."""
        return sum(unpriced for _, _, unpriced in self.models.values())


def prepare(folder: Path, settings: Collection[str]) -> None:
    """Create `folder` and an empty database in it, unless they exist.

    Raises CacheError when the database has settings beside `settings`; OSError and sqlite3.Error for other faults.
    """
    if os.path.expandvars(str(folder)) != str(folder):
        raise CacheError(f"diskcache would replace the variables in {folder}", hint="choose a folder without $ in its name")
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        pass
    except RecursionError as error:  # pathlib creates nested folders recursively
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)) from error
    with contextlib.suppress(FileExistsError):
        os.close(os.open(folder / DATABASE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with contextlib.closing(_reader(folder)) as database:
        kinds = dict(database.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
        if "view" in kinds.values():  # an endless view would be read in place of a table
            raise CacheError(f"{FOREIGN}: a view", where=str(folder), hint=REMEDY)
        names = {name for (name,) in database.execute("SELECT key FROM Settings")} if "Settings" in kinds else set()
    if not names <= set(settings):
        raise CacheError(f"{FOREIGN}: unknown settings", where=str(folder), hint=REMEDY)


def count(folder: Path) -> Stats:
    """Count the database. Of a row, only model and price are read. Raises OSError or sqlite3.Error."""
    with contextlib.closing(_reader(folder)) as database:
        ((rows,),) = database.execute("SELECT count(*) FROM Cache").fetchall()
        models = _models(database.execute(_MODELS))
    return Stats(rows, sum(path.stat().st_size for path in folder.glob(f"{DATABASE}*")), models)


def _models(rows: Iterable[tuple[str, object]]) -> dict[str, tuple[int, float, int]]:
    """By model: completions, US dollars, completions without a price. The model with the most completions comes first."""
    answers: Counter[str] = Counter()
    unpriced: Counter[str] = Counter()
    usd: dict[str, float] = {}
    for model, price in rows:
        answers[model] += 1
        if isinstance(price, int | float) and 0 <= price <= MOST_USD:
            usd[model] = usd.get(model, 0.0) + price
        else:
            unpriced[model] += 1
    return {
        name: (n, usd.get(name, 0.0), unpriced[name]) for name, n in sorted(answers.items(), key=lambda one: (-one[1], one[0]))
    }


def said(error: Exception) -> str:
    """The message of `error`, also where sqlite3 could not decode it."""
    return "its schema is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error) or type(error).__name__


def damaged(error: BaseException) -> bool:
    """Whether `error` means that the file is damaged or not a database."""
    return isinstance(error, UnicodeDecodeError) or _code(error) in _DAMAGED or "malformed" in str(error)


def remedy(error: BaseException) -> str:
    """The hint for `error` from the database or the file system."""
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return _REMEDIES[sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_CANTOPEN]
    if damaged(error):
        return _REMEDIES[sqlite3.SQLITE_NOTADB if _code(error) == sqlite3.SQLITE_NOTADB else sqlite3.SQLITE_CORRUPT]
    unknown = f"free some space, check the folder's permissions, {_OTHER}"
    return _REMEDIES.get(_code(error), unknown)


def _code(error: BaseException) -> int:
    """The primary code of an sqlite3 error; 0 for other errors."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _reader(folder: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database
