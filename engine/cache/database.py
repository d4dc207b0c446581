"""The database file under the cache: made for its owner alone, looked at before diskcache opens it, and counted.

diskcache assigns every row of the table Settings to an attribute of its own, whatever its name, so a file from a stranger is
read once with plain sqlite3 first.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptwire.errors import CacheError
from promptwire.security.untrusted_numbers import MOST_USD

__all__ = ["DATABASE", "FOREIGN", "LOCKED", "REMEDY", "Stats", "count", "damaged", "prepare", "remedy", "said"]

FOREIGN: Final = "the cache holds something that promptwire did not write"
REMEDY: Final = "if you don't know where it comes from, delete the folder; or name another one with PROMPTWIRE_CACHE"

DATABASE: Final = "cache.db"
"""Name of the file in the folder."""
_PATIENCE: Final = 60.0
_OTHER: Final = "or name another folder with PROMPTWIRE_CACHE"
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REMEDIES: Final[dict[int, str]] = {
    sqlite3.SQLITE_CORRUPT: "the file is damaged: save what can be read with `promptwire cache export FILE`, move the folder"
    f" away, then `promptwire cache import FILE`; {_OTHER}",
    sqlite3.SQLITE_NOTADB: f"the file is no database: move it away, {_OTHER}",
    sqlite3.SQLITE_FULL: f"free some space, {_OTHER}",
    sqlite3.SQLITE_READONLY: f"look at the folder's permissions, {_OTHER}",
    sqlite3.SQLITE_CANTOPEN: f"look at the folder's permissions, {_OTHER}",
    sqlite3.SQLITE_PERM: f"look at the folder's permissions, {_OTHER}",
    sqlite3.SQLITE_BUSY: f"wait until the other process is done, {_OTHER}",
    sqlite3.SQLITE_LOCKED: f"wait until the other process is done, {_OTHER}",
}
"""What to do about an error of the database, by its primary code."""
LOCKED: Final = _REMEDIES[sqlite3.SQLITE_LOCKED]
"""What to do when another process writes for too long."""
_MODELS: Final = (
    "WITH Priced AS (SELECT json_extract(value, '$.answer.usd') AS usd,"
    " CASE WHEN json_type(value, '$.model') = 'text' THEN json_extract(value, '$.model') ELSE '' END AS model"
    " FROM Cache WHERE typeof(value) = 'text' AND json_valid(value)),"
    " Known AS (SELECT model, CASE WHEN typeof(usd) IN ('integer', 'real') AND usd BETWEEN 0 AND ? THEN usd END AS usd"
    " FROM Priced)"
    " SELECT model, count(*), total(usd), sum(usd IS NULL) FROM Known GROUP BY 1 ORDER BY 2 DESC, 1"
)


@dataclass(frozen=True, slots=True)
class Stats:
    """What a cache holds."""

    rows: int
    """Answers, and rows that can't be read."""
    bytes: int
    """Size on disk."""
    models: dict[str, tuple[int, float, int]]
    """By model identity: answers, what the priced ones cost in US dollars, and how many have no known price."""

    @property
    def usd(self) -> float:
        """What the answers with a known price cost."""
        return sum(usd for _, usd, _ in self.models.values())

    @property
    def unpriced(self) -> int:
        """Answers whose price is not known, those with a price out of range included."""
        return sum(unpriced for _, _, unpriced in self.models.values())


def prepare(folder: Path, settings: Collection[str]) -> None:
    """Make `folder` and an empty database in it, unless they are there.

    Raises CacheError when the database brings others than the named `settings`, OSError and sqlite3.Error for the rest.
    """
    if os.path.expandvars(str(folder)) != str(folder):
        raise CacheError(f"diskcache would replace the variables in {folder}", hint="choose a folder without $ in its name")
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        pass
    except RecursionError as error:  # pathlib makes one folder inside of the other
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)) from error
    with contextlib.suppress(FileExistsError):
        os.close(os.open(folder / DATABASE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with contextlib.closing(_reader(folder)) as database:
        kinds = dict(database.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
        if "view" in kinds.values():  # one that never ends would be read in place of a table
            raise CacheError(f"{FOREIGN}: a view", where=str(folder), hint=REMEDY)
        names = {name for (name,) in database.execute("SELECT key FROM Settings")} if "Settings" in kinds else set()
    if not names <= set(settings):
        raise CacheError(f"{FOREIGN}: unknown settings", where=str(folder), hint=REMEDY)


def count(folder: Path) -> Stats:
    """What is in the database, read without taking a row into Python. Raises OSError or sqlite3.Error."""
    with contextlib.closing(_reader(folder)) as database:
        ((rows,),) = database.execute("SELECT count(*) FROM Cache").fetchall()
        found = database.execute(_MODELS, (MOST_USD,)).fetchall()
    models = {str(name): (answers, usd, unpriced) for name, answers, usd, unpriced in found}
    return Stats(rows, sum(path.stat().st_size for path in folder.glob(f"{DATABASE}*")), models)


def said(error: Exception) -> str:
    """What `error` says, also where sqlite3 could not decode its own words."""
    return "its schema is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error) or type(error).__name__


def damaged(error: BaseException) -> bool:
    """Whether `error` says that the file is no sound database."""
    return isinstance(error, UnicodeDecodeError) or _code(error) in _DAMAGED or "malformed" in str(error)


def remedy(error: BaseException) -> str:
    """What to do about `error` from the database or the file system."""
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return _REMEDIES[sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_CANTOPEN]
    if damaged(error):
        return _REMEDIES[sqlite3.SQLITE_NOTADB if _code(error) == sqlite3.SQLITE_NOTADB else sqlite3.SQLITE_CORRUPT]
    unknown = f"free some space, look at the folder's permissions, {_OTHER}"
    return _REMEDIES.get(_code(error), unknown)


def _code(error: BaseException) -> int:
    """The primary code of an error of sqlite3; 0 where there is none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _reader(folder: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database
