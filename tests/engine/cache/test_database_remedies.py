"""Each database error has its own hint, and a hostile schema is one clear error."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from promptwire.backend import Completion
from promptwire.cache.database import remedy
from promptwire.cache.disk import ResponseCache
from promptwire.cache.maintenance import verify
from promptwire.cache.record import RequestMeta
from promptwire.errors import CacheError


def failure(code: int) -> sqlite3.Error:
    error = sqlite3.DatabaseError("said")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (failure(sqlite3.SQLITE_CORRUPT), "the file is damaged"),
        (failure(sqlite3.SQLITE_CORRUPT_INDEX), "the file is damaged"),
        (failure(sqlite3.SQLITE_NOTADB), "is not a database"),
        (failure(sqlite3.SQLITE_FULL), "free some space"),
        (failure(sqlite3.SQLITE_READONLY_DBMOVED), "permissions"),
        (failure(sqlite3.SQLITE_CANTOPEN), "permissions"),
        (failure(sqlite3.SQLITE_BUSY), "wait until the other process"),
        (OSError(errno.ENOSPC, "full"), "free some space"),
        (OSError(errno.EACCES, "denied"), "permissions"),
    ],
)
def test_each_kind_of_error_has_its_hint(error: Exception, words: str) -> None:
    hint = remedy(error)
    assert words in hint and "PROMPTWIRE_CACHE" in hint
    assert ("free some space" in hint) == (words == "free some space")


def test_the_hint_for_a_damaged_database_is_not_disk_space(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    for number in range(200):
        cache.put(f"{number:064x}", Completion("x" * 500), meta=RequestMeta("m", "generate"))
    cache.close()
    file = tmp_path / "cache.db"
    raw = bytearray(file.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    file.write_bytes(bytes(raw))
    with pytest.raises(CacheError) as caught:
        ResponseCache(tmp_path)
    assert "damaged" in caught.value.hint and "free some space" not in caught.value.hint


@pytest.mark.parametrize("column", ["sql", "name", "tbl_name"])
def test_a_schema_that_is_not_utf_8_is_a_cache_error(column: str, tmp_path: Path) -> None:
    ResponseCache(tmp_path).close()
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(f"UPDATE sqlite_master SET {column} = CAST(X'43ff' AS TEXT) WHERE name = 'Cache'")  # noqa: S608
    database.close()
    for attempt in (lambda: ResponseCache(tmp_path), lambda: verify(tmp_path)):
        with pytest.raises(CacheError) as caught:
            attempt()
        assert "free some space" not in caught.value.hint


def test_a_view_in_place_of_the_settings_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute(
            "CREATE VIEW Settings AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS key FROM n"
        )
    database.close()
    with pytest.raises(CacheError, match="a view"):
        ResponseCache(tmp_path)
