"""The database file under the cache: made for its owner alone, looked at before diskcache opens it, and counted.

diskcache assigns every row of the table Settings to an attribute of its own, whatever its name, so a file from a stranger is
read once with plain sqlite3 first.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptwire.errors import CacheError

__all__ = ["FOREIGN", "REMEDY", "Stats", "count", "prepare"]

FOREIGN: Final = "the cache holds something that promptwire did not write"
REMEDY: Final = "if you don't know where it comes from, delete the folder; or name another one with PROMPTWIRE_CACHE"

_DATABASE: Final = "cache.db"
_PATIENCE: Final = 60.0
_MODELS: Final = (
    "SELECT json_extract(value, '$.model'), count(*), total(json_extract(value, '$.answer.usd')),"
    " sum(json_extract(value, '$.answer.usd') IS NULL)"
    " FROM Cache WHERE typeof(value) = 'text' AND json_valid(value) GROUP BY 1 ORDER BY 2 DESC, 1"
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


def prepare(folder: Path, settings: Collection[str]) -> None:
    """Make `folder` and an empty database in it, unless they are there.

    Raises CacheError when the database brings others than the named `settings`, OSError and sqlite3.Error for the rest.
    """
    if os.path.expandvars(str(folder)) != str(folder):
        raise CacheError(f"diskcache would replace the variables in {folder}", hint="choose a folder without $ in its name")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(parents=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(folder / _DATABASE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with contextlib.closing(_reader(folder)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        names = {name for (name,) in database.execute("SELECT key FROM Settings")} if "Settings" in tables else set()
    if not names <= set(settings):
        raise CacheError(f"{FOREIGN}: unknown settings", where=str(folder), hint=REMEDY)


def count(folder: Path) -> Stats:
    """What is in the database, read without taking a row into Python. Raises OSError or sqlite3.Error."""
    with contextlib.closing(_reader(folder)) as database:
        ((rows,),) = database.execute("SELECT count(*) FROM Cache").fetchall()
        models = {str(name): (answers, usd, unpriced) for name, answers, usd, unpriced in database.execute(_MODELS)}
    return Stats(rows, sum(path.stat().st_size for path in folder.glob(f"{_DATABASE}*")), models)


def _reader(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{(folder / _DATABASE).as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
