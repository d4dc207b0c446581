"""A last place for answers that were paid for and that the cache could not take: a file on whichever disk has space.

It is of the kind that `promptwire cache import` reads, so nothing else is needed to take them in.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from promptwire.cache.jsonl import HEADER, line_of
from promptwire.cache.maintenance import CacheEntry
from promptwire.cache.record import CacheRecord
from promptwire.values.hashing import canonical

__all__ = ["write_fallback_dump"]


def write_fallback_dump(answers: Mapping[str, CacheRecord]) -> Path | None:
    """Write `answers`, by key, to a new file that only the user can read, and say where; None when no disk takes it."""
    for folder in _folders():
        try:
            handle, name = tempfile.mkstemp(prefix="promptwire-answers-", suffix=".jsonl", dir=folder)
        except OSError:
            continue
        try:
            with open(handle, "w", encoding="ascii") as file:
                file.write(canonical(HEADER) + "\n")
                file.writelines(line_of(CacheEntry(key, kept)) + "\n" for key, kept in answers.items())
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(name)
        else:
            return Path(name)
    return None


def _folders() -> Iterator[Path]:
    """Where there may be space, the likeliest first."""
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())
    with contextlib.suppress(OSError):
        yield Path.cwd()
    with contextlib.suppress(RuntimeError):
        yield Path.home()
