"""Answers from one cache to another, as JSON lines: a header, then one answer a line with its key.

What is imported comes from a stranger. A file is read twice, once to see that every line of it is an answer and once to take
it in, so a bad file changes nothing; no line is longer than a limit, so none fills the memory. Whether an answer is the model's
own word can't be told from the file: a key says what was asked, not what was answered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptwire.cache.disk import ResponseCache
from promptwire.cache.jsonl import HEADER, line_of, row_in
from promptwire.cache.maintenance import CacheEntry, rows
from promptwire.cache.record import LARGEST
from promptwire.errors import CacheError
from promptwire.values.hashing import canonical

__all__ = ["export_responses", "import_responses"]


def export_responses(folder: Path, target: Path) -> int:
    """Write every readable answer of the cache in `folder` to the new file `target`; how many. Raises CacheError."""
    count = 0
    try:
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(canonical(HEADER) + "\n")
            for row in rows(folder):
                if isinstance(row, CacheEntry):
                    file.write(line_of(row) + "\n")
                    count += 1
    except FileExistsError as error:
        raise CacheError("this file is there already", where=str(target), hint="name a new one") from error
    except OSError as error:
        raise CacheError(f"can't be written: {error.strerror}", where=str(target)) from error
    return count


def import_responses(source: Path, folder: Path) -> tuple[int, int]:
    """Take the answers in `source` into the cache in `folder`: how many there were, and how many of them were new.

    An answer that is there already stays. Raises CacheError, with the line, before anything is taken in.
    """
    total = sum(1 for _ in _lines(source))
    cache, new = ResponseCache(folder), 0
    try:
        for row in _lines(source):
            if cache.get(row.key) is None:
                cache.put(row.key, row.kept.answer, note=row.kept.note)
                new += 1
        cache.flush()
    finally:
        cache.close()
    return total, new


def _lines(source: Path) -> Iterator[CacheEntry]:
    try:
        with source.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LARGEST + 1), b""), 1):
                where = f"{source}:{number}"
                if len(line) > LARGEST:
                    raise CacheError(f"this line is longer than {LARGEST >> 20} MB", where=where)
                if number == 1:
                    _check_header(line, where)
                elif line.strip():
                    row = row_in(line.decode("utf-8", "replace"))
                    if row is None:
                        raise CacheError("this line is no answer; nothing was imported", where=where)
                    yield row
    except OSError as error:
        raise CacheError(f"can't be read: {error.strerror}", where=str(source)) from error


def _check_header(line: bytes, where: str) -> None:
    header: Any = None
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CacheError("this is no file of answers", where=where, hint="`promptwire cache export` makes one") from error
    if header != HEADER:
        raise CacheError("this is no file of answers that this version reads", where=where)
