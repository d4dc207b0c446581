"""Export and import of cached completions as JSON lines: a header, then one entry a line.

An imported file is untrusted input. It is read twice: first to check every line, then to import, so a bad file changes nothing.
Lines have a maximum length, so none fills the memory. The file does not prove that a completion came from the model: a key
identifies the request, not the reply.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptwire.cache.disk import ResponseCache
from promptwire.cache.jsonl import HEADER, read_line, write_line
from promptwire.cache.maintenance import CacheEntry, rows
from promptwire.cache.record import LARGEST
from promptwire.errors import CacheError
from promptwire.values.hashing import canonical

__all__ = ["export_responses", "import_responses"]

_MAKE = "make one with `promptwire cache export`"


def export_responses(folder: Path, target: Path) -> int:
    """Write the readable completions of the cache in `folder` to the new file `target`.

    Returns how many they were. Raises CacheError.
    """
    count = 0
    try:
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(canonical(HEADER) + "\n")
            for row in rows(folder):
                if isinstance(row, CacheEntry):
                    file.write(write_line(row) + "\n")
                    count += 1
    except FileExistsError as error:
        raise CacheError("this file exists already", where=str(target), hint="name a new file") from error
    except OSError as error:
        raise CacheError(f"can't be written: {error.strerror}", where=str(target)) from error
    return count


def import_responses(source: Path, folder: Path) -> tuple[int, int, int]:
    """Import the completions of `source` into the cache in `folder`.

    Returns how many there were, how many were new, and how many have numbers out of range, which count as unknown. A cached
    completion is not replaced, and of several rows with one key the first counts. Raises CacheError, with the line, before any
    import.
    """
    total = unknown = 0
    for row in _lines(source):
        total, unknown = total + 1, unknown + (row.record.unknown > 0)
    cache, new, seen = ResponseCache(folder), 0, set[bytes]()
    try:
        for row in _lines(source):
            key = bytes.fromhex(row.key)
            if key not in seen and cache.get(row.key) is None:
                cache.put(row.key, row.record.completion, meta=row.record.meta)
                new += 1
            seen.add(key)
        cache.flush()
    finally:
        cache.close()
    return total, new, unknown


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
                    row = read_line(line.decode("utf-8", "replace"))
                    if row is None:
                        raise CacheError("this line holds no valid answer; nothing was imported", where=where)
                    yield row
            if not file.tell():
                raise CacheError("this file is empty, so it is not an export file", where=str(source), hint=_MAKE)
    except OSError as error:
        raise CacheError(f"can't be read: {error.strerror}", where=str(source)) from error


def _check_header(line: bytes, where: str) -> None:
    header: Any = None
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CacheError("this is not an export file", where=where, hint=_MAKE) from error
    if not isinstance(header, dict) or json.dumps(header, sort_keys=True) != json.dumps(HEADER, sort_keys=True):
        raise CacheError("this export file is of another version", where=where, hint="export it again with this version")
