"""Log of a sweep: how each cell ended, for the table, for `--retry-failed`, and for another terminal.

It is a JSON Lines file in a folder of the sweep's name, `sweeps/NAME` in the runs folder. Results stay in the run folders of
the cells. The log is only added to, a whole line at a time. The process that works on the sweep holds a lock on it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from promptwire.errors import RunError, UsageError
from promptwire.options import runs_folder
from promptwire.results.lenient import as_int, as_text, read_lines
from promptwire.security.secrets import redact_json, secrets
from promptwire.security.untrusted_numbers import finite
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.runner import CellEnd, CellEvent, CellStart
from promptwire.values.hashing import digest

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["CellStanding", "SweepLog", "SweepSpent"]

_LOG: Final = "cells.jsonl"
_AT_WORK: Final = "at work"
_TRIES: Final = 5
"""Tries for the lock: another terminal that looks at the sweep holds it for a moment."""
_PAUSE: Final = 0.05
"""Seconds between two tries."""


@dataclass(frozen=True, slots=True)
class CellStanding:
    """What is known of a cell."""

    state: str
    """`finished`, `cut short`, `failed` or `stopped` as in `CellEnd`; `done` for a result of an earlier command; `at work`;
    `waiting` when it was not begun."""
    run: Path | None = None
    """Its run folder, if there is one with a result."""
    why: str = ""
    """Reason in words."""

    @property
    def has_result(self) -> bool:
        """Whether its result stands, so that it is not run again."""
        return self.state in ("done", "finished", "cut short")


@dataclass(frozen=True, slots=True)
class SweepSpent:
    """What the cells of a sweep have spent so far, over all commands."""

    calls: int = 0
    """New calls."""
    tokens: int = 0
    """Their tokens, read and written."""
    usd: float = 0.0
    """Their dollars, as far as prices are known."""


class SweepLog:
    """The log of the sweep `name`."""

    def __init__(self, name: str) -> None:
        words = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60]
        # Names that differ only in what a folder's name can't hold have folders of their own.
        self.folder = runs_folder() / "sweeps" / (words if words == name else f"{words or 'sweep'}-{digest(name, 6)}")
        self.path = self.folder / _LOG
        self._handle: int | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open the log to add to it, and hold its lock. Raises UsageError when another process works on the sweep."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise RunError(f"can't be written: {error.strerror or error}", where=str(self.path)) from error
        try:
            if not _lock(handle, tries=_TRIES):
                hint = "wait for its end, or see how far it is: promptwire sweep FILE --table"
                raise UsageError("another process works on this sweep", where=str(self.folder), hint=hint)
            self._handle = handle
            if _is_torn(handle):
                os.write(handle, b"\n")
            yield
        finally:
            self._handle = None
            os.close(handle)

    def add(self, event: CellEvent, cell: Cell) -> None:
        """Add the start or the end of `cell`. Raises RunError when it can't be written."""
        if self._handle is None or not isinstance(event, CellStart | CellEnd):
            return
        known: dict[str, Any] = {"key": event.key, "cell": cell.title, "at": round(time.time(), 3), "where": event.where}
        if isinstance(event, CellEnd):
            known |= {"state": event.state, "run": str(event.run or ""), "why": event.why, "calls": event.calls}
            known |= {"cached": event.cached, "tokens": event.tokens, "usd": event.usd, "seconds": event.seconds}
        line = json.dumps({"state": _AT_WORK, **redact_json(known, secrets())}) + "\n"
        try:
            os.write(self._handle, line.encode("utf-8", errors="backslashreplace"))
        except OSError as error:
            raise RunError(f"can't be written: {error.strerror or error}", where=str(self.path)) from error

    def standings(self, cells: Sequence[Cell]) -> dict[str, CellStanding]:
        """What is known of each of `cells`, by key."""
        done, told = done_cells(runs_folder()), {as_text(line.get("key")): line for line in read_lines(self.path)}
        is_at_work = self.is_at_work()
        return {cell.key: _standing(done.get(cell.key), told.get(cell.key), is_at_work) for cell in cells}

    def spent(self) -> SweepSpent:
        """What all cells have spent, as far as their ends tell it."""
        lines = [line for line in read_lines(self.path) if line.get("state") != _AT_WORK]
        return SweepSpent(
            sum(max(0, as_int(line.get("calls"))) for line in lines),
            sum(max(0, as_int(line.get("tokens"))) for line in lines),
            sum(max(0.0, finite(line.get("usd")) or 0.0) for line in lines),
        )

    def is_at_work(self) -> bool:
        """Whether a process works on the sweep now. False where the file system has no locks."""
        try:
            handle = os.open(self.path, os.O_RDWR)
        except OSError:
            return False
        try:
            return not _lock(handle)
        finally:
            os.close(handle)


def _standing(done: Path | None, told: Mapping[str, Any] | None, is_at_work: bool) -> CellStanding:
    """What is known of a cell from its run folder and its last line in the log."""
    if done is not None:
        return CellStanding("done", done)
    state = as_text((told or {}).get("state"))
    if told is None or state not in ("failed", "stopped", _AT_WORK):
        return CellStanding("waiting", why="it was not run")
    if state == _AT_WORK:
        why = "it has no result yet" if is_at_work else "its process ended before it did"
        return CellStanding(_AT_WORK if is_at_work else "stopped", why=why)
    run = as_text(told.get("run"))
    return CellStanding(state, Path(run) if run else None, as_text(told.get("why")))


def _lock(handle: int, *, tries: int = 1) -> bool:
    """Lock the file until `handle` is closed: for this process alone, or with one try only to see whether another has it."""
    if fcntl is None:
        return True
    kind = fcntl.LOCK_EX if tries > 1 else fcntl.LOCK_SH
    for left in reversed(range(tries)):
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_PAUSE)
                continue
            return False
        except OSError:  # a file system without locks
            break
        break
    return True


def _is_torn(handle: int) -> bool:
    """Whether the last line has no end, since a process was killed while it wrote."""
    size = os.fstat(handle).st_size
    if not size:
        return False
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) != b"\n"
