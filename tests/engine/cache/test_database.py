"""Database file: permissions, checks before use, and counts."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from promptwire.backend import Completion
from promptwire.cache.database import count, prepare
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import RequestMeta
from promptwire.errors import CacheError


def test_folder_and_file_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "made" / "cache")
    cache.put("k", Completion("x"), meta=RequestMeta("m", "generate")).result()
    folder = tmp_path / "made" / "cache"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    cache.close()


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    prepare(tmp_path / "shared", {"count"})
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


def test_unknown_settings_in_the_file_are_refused(tmp_path: Path) -> None:
    ResponseCache(tmp_path).close()
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("INSERT INTO Settings VALUES ('_directory', '/elsewhere')")
    database.close()
    with pytest.raises(CacheError, match="did not write: unknown settings"):
        ResponseCache(tmp_path)


def test_a_folder_name_with_a_variable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELSEWHERE", "elsewhere")
    with pytest.raises(CacheError, match="without \\$"):
        ResponseCache(tmp_path / "$ELSEWHERE")


def test_rows_are_counted_by_model_with_known_and_unknown_prices(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    for key, model, usd in (("a", "dear", 0.5), ("b", "dear", 0.25), ("c", "dear", None), ("d", "local", 0.0)):
        cache.put(key, Completion("x", usd=usd), meta=RequestMeta(model, "generate"))
    cache.close()
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("INSERT INTO Cache (key, raw, mode, value) VALUES ('e', 1, 1, '{cut off')")
    database.close()
    stats = count(tmp_path)
    assert stats.rows == 5
    assert stats.models == {"dear": (3, 0.75, 1), "local": (1, 0.0, 0)}
    assert stats.usd == 0.75
    assert stats.bytes > 0
