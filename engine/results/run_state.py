"""State of a run: what it was started with, and whether it is at work, finished, failed, was stopped or died.

A run writes `state.json` when it begins and again when it ends. While it works it holds a lock on that file. The operating
system releases the lock when the process ends, however it ends. So a run that died is told from one that is at work, also
across containers of one machine. A lock of another machine can't be seen, so the state of such a run is unknown.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from promptwire.errors import PromptwireError, RunError
from promptwire.results.lenient import read_object
from promptwire.results.run_folder import keep_file
from promptwire.security.secrets import redact_json, secrets

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["FILES", "STATE", "STATES", "RunState", "StateKind", "read_record", "recorded_state", "state_of"]

STATE: Final = "state.json"
"""Name of the file in the run folder."""
FILES: Final = (STATE, "report.json", "best.json", "run.json", "events.jsonl", "values.jsonl", "calls.jsonl")
"""Files of a run folder. One of them is enough to be one."""
_UNLOCKED: Final = "unlocked"
StateKind = Literal["finished", "cut short", "at work", "failed", "stopped", "died", "unknown"]
STATES: Final[tuple[StateKind, ...]] = get_args(StateKind)


_VERBS: Final[Mapping[StateKind, str]] = {
    "cut short": "was cut short",
    "at work": "is at work",
    "stopped": "was stopped",
    "unknown": "is in an unknown state",
}
"""How a sentence about the run goes on; the other kinds are verbs themselves."""


@dataclass(frozen=True, slots=True)
class RunState:
    """What a run is doing now, or how it ended."""

    kind: StateKind
    """`finished`; `cut short` by a limit, with a report; `at work`; `failed` with an error; `stopped` by Ctrl-C or a program;
    `died`, so its process is gone without an end; `unknown` when this machine can't tell."""
    why: str = ""
    """Reason in words; empty for `finished`."""

    @property
    def sentence(self) -> str:
        """The state as words that go on from "the run"."""
        verb = _VERBS.get(self.kind, self.kind)
        return f"{verb}: {self.why}" if self.why else verb


@contextmanager
def recorded_state(folder: Path, facts: Mapping[str, Any]) -> Iterator[None]:
    """Write the state of a run in `folder` at its beginning and at its end, and hold the lock in between.

    `facts` are what the run was started with, as JSON values. Raises RunError when the folder can't be written at first.
    """
    began = time.time()
    known = redact_json({**facts, **_process(), "began": round(began, 3)}, secrets())
    lock = _begin(folder / STATE, json.dumps({**known, "ended": None}, indent=1) + "\n")
    end = {"how": "finished", "error": ""}
    try:
        yield
    except PromptwireError as error:
        end = {"how": "failed", "error": str(error)}
        raise
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        end = {"how": "stopped", "error": ""}
        raise
    except BaseException as error:
        end = {"how": "failed", "error": f"{type(error).__name__}: {error}"}
        raise
    finally:
        with suppress(RunError):  # the folder may be gone or the disk full; the run's own error or report says so
            ended = redact_json({**known, "ended": round(time.time(), 3), **end}, secrets())
            if folder.is_dir():
                keep_file(folder / STATE, json.dumps(ended, indent=1) + "\n")
        os.close(lock)


def state_of(folder: Path, record: Mapping[str, Any] | None, report: Mapping[str, Any] | None) -> RunState:
    """Return the state of the run in `folder`, from the contents of its state file and of its report, None if there is none."""
    if report is not None:
        limit = report.get("limit")
        return RunState("cut short", str(limit)) if limit else RunState("finished")
    if record is None:
        return RunState("unknown", "it has no report, and an earlier version recorded no state")
    how = record.get("how")
    if how == "stopped":
        return RunState("stopped", "it was interrupted or cancelled before it had a report")
    if how == "finished":
        return RunState("unknown", "it finished, but its report is gone or can't be read")
    if record.get("ended") is not None:
        return RunState("failed", str(record.get("error") or "it ended without a report"))
    return _unended(folder, record)


def _unended(folder: Path, record: Mapping[str, Any]) -> RunState:
    """State of a run without an end: its lock decides, or its process where the file system has no locks."""
    if _is_locked(folder / STATE):
        return RunState("at work", f"process {record.get('pid')}")
    here = _process()
    same_machine = (
        record.get("boot") == here["boot"] if record.get("boot") and here["boot"] else record.get("host") == here["host"]
    )
    restarted = not same_machine and record.get("host") == here["host"]
    if not same_machine and not restarted:
        return RunState("unknown", f"it began on {record.get('host')} and has no end; its process can't be seen from here")
    if restarted:
        return RunState("died", "this machine was restarted since")
    if not _has_locks(folder / STATE):
        alive = _start_of(record.get("pid")) == record.get("start") != ""
        return RunState("at work", f"process {record.get('pid')}") if alive else RunState("unknown", "no locks in this folder")
    return RunState("died", f"process {record.get('pid')} is gone, and it recorded no end")


def read_record(folder: Path) -> dict[str, Any] | None:
    """Return what the state file of `folder` holds; None when there is none, or it can't be read."""
    return read_object(folder / STATE)


def _process() -> dict[str, Any]:
    return {"host": socket.gethostname(), "boot": _boot(), "pid": os.getpid(), "start": _start_of(os.getpid())}


def _boot() -> str:
    """Identifier of the machine since its last start, the same in all its containers; empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _start_of(pid: object) -> str:
    """Start time of a process in clock ticks, since its number may be used again; empty when it can't be seen."""
    try:
        text = Path(f"/proc/{int(str(pid))}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[19]
    except (OSError, ValueError, IndexError):
        return ""


def _begin(path: Path, text: str) -> int:
    """Write `text` to the new file `path` and lock it until the returned descriptor is closed.

    The file has its name only when it is locked, so that no reader takes a run that begins for one that died.
    """
    part = path.with_name(path.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, text.encode("utf-8", errors="backslashreplace"))
        part.replace(path)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", where=str(path)) from error
    return handle


def _is_locked(path: Path) -> bool:
    """Whether a process holds the lock of the file."""
    return _try_lock(path) == "locked"


def _has_locks(path: Path) -> bool:
    return _try_lock(path) == _UNLOCKED


def _try_lock(path: Path) -> str:
    """`locked`, `unlocked`, or empty when the file can't be locked here."""
    if fcntl is None:
        return ""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return "locked"
    except OSError:
        return ""
    else:
        return _UNLOCKED
    finally:
        os.close(handle)
