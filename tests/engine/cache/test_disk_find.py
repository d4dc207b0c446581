"""Looking up many rows at once: few statements, and what is not a plain row is left to the look-up of one."""

from __future__ import annotations

import pickle
import sqlite3

import pytest

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import CacheRecord
from promptwire.errors import CacheError
from tests.engine.cache.planted_rows import META, plant


def test_many_rows_are_found_in_few_statements(cache: ResponseCache) -> None:
    for number in range(1200):
        cache.put(str(number), Completion(f"answer {number}"), meta=META)
    cache.flush()
    said: list[str] = []
    cache._handle._database.set_trace_callback(said.append)
    found = cache.find([str(number) for number in range(0, 2400, 2)])
    assert len([one for one in said if one.startswith("SELECT")]) == 3
    assert found == {str(number): Completion(f"answer {number}") for number in range(0, 1200, 2)}


def test_rows_are_found_as_they_are_read_one_by_one_and_a_planted_one_is_left_to_get(cache: ResponseCache) -> None:
    good = CacheRecord(Completion("x"), META, 1.0).write()
    cache.put("good", Completion("x"), meta=META).result()
    plant(cache.folder, "malformed", value="{")
    plant(cache.folder, "pickled", mode=4, value=pickle.dumps(1))
    plant(cache.folder, "binary", value=good.encode())
    plant(cache.folder, "file", mode=2, filename="x.val")
    plant(cache.folder, "undecodable", value=good)
    plant(cache.folder, "dated", value=good)
    cache._cache.touch("dated", 1000)
    database = sqlite3.connect(cache.folder / "cache.db")
    with database:
        database.execute("UPDATE Cache SET value = CAST(x'7b22ff' AS TEXT) WHERE key = 'undecodable'")
    database.close()
    keys = ["good", "malformed", "pickled", "binary", "file", "undecodable", "dated", "missing"]
    found = cache.find(keys)
    assert {key: one for key, one in found.items() if one is not None} == {"good": Completion("x")}
    assert set(keys) - set(found) == {"missing"}
    assert cache.get("malformed") is None
    assert cache.get("dated") == Completion("x")
    for key in ("pickled", "binary", "file", "undecodable"):
        with pytest.raises(CacheError):
            cache.get(key)
