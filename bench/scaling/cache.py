"""A cache of many answers: open, look up, store, `cache stats`, `cache prune`, `cache export`."""

from __future__ import annotations

import contextlib
import hashlib
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from bench.scaling.meter import Meter
from promptwire.backend import Completion
from promptwire.cache.database import DATABASE, count
from promptwire.cache.disk import ResponseCache
from promptwire.cache.import_export import export_responses
from promptwire.cache.maintenance import CacheEntry, Fault, prune, rows
from promptwire.cache.record import CacheRecord, RequestMeta

__all__ = ["SIZES", "UNIT", "fill", "key_of", "measure"]

UNIT = "answer"
SIZES = (50_000, 1_000_000, 5_000_000)
WHOLE = 1_000_000
"""Answers up to which all are listed and exported. `cache prune` reads all rows as both do."""
LOOKUPS = 10_000
STORED = 1_000
META = RequestMeta("bench model", "generate")
INSERT = (
    "INSERT INTO Cache(key, raw, store_time, access_time, access_count, tag, size, mode, filename, value)"
    " VALUES (?, 1, 0, 0, 0, NULL, 0, 1, NULL, ?)"
)


def key_of(number: int) -> str:
    """The key of an answer."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def _answer(number: int) -> Completion:
    said = f"The label of number {number} is positive, for the words of the review say so."
    return Completion(said, tokens_in=210, tokens_out=17, usd=0.0001)


def _rows(size: int, now: float) -> Iterator[tuple[str, str]]:
    """Keys and texts of rows, of which the first hundredth is a year old."""
    mark = CacheRecord(_answer(987654321), META, 1234567890.5).write()
    for number in range(size):
        when = now - 365 * 86400 if number < size // 100 else now
        yield key_of(number), mark.replace("987654321", str(number)).replace("1234567890.5", f"{when:.1f}")


def fill(folder: Path, size: int) -> None:
    """Write `size` answers behind the cache's back. An index of sorted keys is made faster after the rows than with them."""
    ResponseCache(folder).close()
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as database:
        kinds = "SELECT type, name, sql FROM sqlite_master WHERE sql NOTNULL AND type != 'table' AND tbl_name = 'Cache'"
        made = database.execute(kinds).fetchall()
        for kind, name, _ in made:
            database.execute(f"DROP {kind} {name}")
        with database:
            database.executemany(INSERT, _rows(size, time.time()))
            database.execute("UPDATE Settings SET value = ? WHERE key = 'count'", (size,))
        for _, _, sql in made:
            database.execute(sql)
        database.commit()


def measure(meter: Meter, folder: Path) -> None:
    """Measure a cache of `meter.size` answers."""
    folder, draws, size = folder / "cache", random.Random(1), meter.size
    fill(folder, size)
    with meter("open", per=1):
        cache = ResponseCache(folder)
    known = [key_of(draws.randrange(size)) for _ in range(LOOKUPS)]
    unknown = [key_of(-1 - number) for number in range(LOOKUPS)]
    with meter("look up one of them", per=LOOKUPS):
        found = sum(cache.get(key) is not None for key in known)
    with meter("look up another", per=LOOKUPS):
        others = sum(cache.get(key) is not None for key in unknown)
    with meter("store one more", per=STORED):
        for key in unknown[:STORED]:
            cache.put(key, _answer(1), meta=META)
        cache.flush()
    cache.close()
    with meter("stats"):
        stats = count(folder)
    meter.note("size in MB", stats.bytes / 1e6)
    listed = exported = size + STORED
    if size <= WHOLE:
        with meter("list"):
            listed = sum(isinstance(row, CacheEntry) for row in rows(folder))
        with meter("export"):
            exported = export_responses(folder, folder.parent / "answers.jsonl")
    old = time.time() - 86400
    with meter("prune a hundredth"):
        removed = prune(folder, lambda row: not isinstance(row, Fault) and 0 < row.record.when < old)
    right = (LOOKUPS, 0, size + STORED, size + STORED, size + STORED, size // 100)
    if (found, others, stats.rows, listed, exported, removed) != right:
        raise SystemExit(f"wrong: {(found, others, stats.rows, listed, exported, removed)} is not {right}")
