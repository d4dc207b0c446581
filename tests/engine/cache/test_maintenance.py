"""Cache maintenance: readable rows are found and pruned, faults are reported, hostile files are data."""

from __future__ import annotations

import contextlib
import pickle
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.maintenance import CacheEntry, Fault, find, look_up, prune, rows, verify
from promptwire.cache.record import RequestMeta
from promptwire.errors import CacheError

A, B, C = "a" * 64, "ab" * 32, "c" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache of three answers."""
    cache = ResponseCache(tmp_path / "cache")
    for key, model in ((A, "dear"), (B, "dear"), (C, "local")):
        cache.put(key, Completion(f"from {model}"), meta=RequestMeta(model, "generate"))
    cache.close()
    return tmp_path / "cache"


def plant(folder: Path, **columns: object) -> None:
    """A row that promptwire did not write."""
    row = {"key": "d" * 64, "raw": 1, "mode": 1, "filename": None, "value": "{}", **columns}
    with sqlite3.connect(folder / "cache.db") as database:
        names = ", ".join(row)
        database.execute(f"INSERT INTO Cache ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))  # noqa: S608
    database.close()


TAMPERED: dict[str, dict[str, object]] = {
    "a pickle": {"mode": 4, "value": pickle.dumps({"a": 1})},
    "a file": {"mode": 2, "filename": "/etc/passwd", "value": None},
    "a number": {"value": 7},
    "a pickled key": {"raw": 0, "key": pickle.dumps("x")},
    "a short key": {"key": "d"},
    "half an answer": {"value": '{"answer": {"te'},
    "another shape": {"value": '{"answer": {"text": 1}, "model": [], "kind": {}, "when": null}'},
    "endless text": {"value": "x" * (2**24 + 1)},
    "deep nesting": {"value": "[" * 100_000},
}


def test_rows_are_listed_in_order_of_arrival(folder: Path) -> None:
    assert [(row.key, row.record.completion.text) for row in rows(folder) if isinstance(row, CacheEntry)] == [
        (A, "from dear"),
        (B, "from dear"),
        (C, "from local"),
    ]


def test_a_row_is_found_by_the_start_of_its_key(folder: Path) -> None:
    assert find(folder, "c").key == C
    assert find(folder, "ab").key == B


def test_keys_are_looked_up_together_and_missing_ones_left_out(folder: Path) -> None:
    plant(folder, value="damaged")
    found = look_up(folder, [A, C, "d" * 64, "e" * 64, "'; DROP TABLE Cache"])
    assert {key: completion.text for key, completion in found.items()} == {A: "from dear", C: "from local"}
    with pytest.raises(CacheError, match="no cache"):
        look_up(folder / "none", [A])


@pytest.mark.parametrize(
    ("start", "problem"), [("a", "more than one answer"), ("e", "no answer"), ("*", "is not a key"), ("", "is not a key")]
)
def test_a_key_prefix_must_match_exactly_one_row(folder: Path, start: str, problem: str) -> None:
    with pytest.raises(CacheError, match=problem):
        find(folder, start)


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_tampered_row_is_reported_and_pruned_alone(folder: Path, kind: str) -> None:
    plant(folder, **TAMPERED[kind])
    sound, faults = verify(folder)
    assert (sound, [fault.row for fault in faults]) == (3, [4])
    assert prune(folder, lambda row: isinstance(row, Fault)) == 1
    assert verify(folder) == (3, [])
    cache = ResponseCache(folder)
    assert (cache.stats().rows, cache.get(A)) == (3, Completion("from dear"))
    cache.close()


def test_an_oversized_value_behind_a_nul_is_one_fault(folder: Path) -> None:
    plant(folder, value="x\0" + "x" * 2**26)
    sound, faults = verify(folder)
    assert (sound, [fault.row for fault in faults]) == (3, [4]) and "too big" in faults[0].problem
    assert prune(folder, lambda row: isinstance(row, Fault)) == 1
    assert verify(folder) == (3, [])


def test_prune_removes_only_unwanted_rows(folder: Path) -> None:
    assert prune(folder, lambda row: isinstance(row, CacheEntry) and row.record.meta.model == "dear") == 2
    assert [row.key for row in rows(folder) if isinstance(row, CacheEntry)] == [C]


def test_a_folder_without_a_cache_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="there is no cache"):
        list(rows(tmp_path))
    (tmp_path / "cache.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(CacheError, match="can't be read"):
        verify(tmp_path)


def test_a_view_in_place_of_the_rows_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cache.db") as database:
        database.execute("CREATE VIEW Cache AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
    database.close()
    with pytest.raises(CacheError, match="not a promptwire cache"):
        verify(tmp_path)


def test_a_damaged_page_hides_no_other_row(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    for number in range(5):
        text = f"page of {number}" * 2_000
        cache.put(f"{number}" * 64, Completion(text), meta=RequestMeta("m", "generate"))
    cache.close()
    file = tmp_path / "cache.db"
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(file.read_bytes())
    for number in (1, 2, 4):
        start = (data.index(f"page of {number}".encode() * 300) // 4096 + 1) * 4096
        data[start : start + 4] = b"\xff\xff\xff\xff"  # the number of the page that goes on
    file.write_bytes(data)
    found = list(rows(tmp_path))
    assert [row.key[0] if isinstance(row, CacheEntry) else row.row for row in found] == ["0", 2, 3, "3", 5]


def test_rows_are_read_in_one_pass(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = ResponseCache(folder)
    for number in range(300):
        many.put(f"{number:064x}", Completion("x"), meta=RequestMeta("m", "generate"))
    many.close()
    asked: list[str] = []
    connect = sqlite3.connect

    def watched(*args: Any, **named: Any) -> sqlite3.Connection:
        database = connect(*args, **named)
        database.set_trace_callback(asked.append)
        return database

    monkeypatch.setattr(sqlite3, "connect", watched)
    assert len(list(rows(folder))) == 303
    assert len(asked) < 10
