"""What a worker does with a parcel: run its cell in a process of its own, tell the progress, return the run folder."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from promptwire.errors import ClusterError, PromptwireError
from promptwire.security.package_data import package_folder
from promptwire.security.secrets import redact
from promptwire.sweeps.cell_child import CellChild, Pool
from promptwire.sweeps.cell_process import PARCEL, RUNS
from promptwire.sweeps.dask_cluster import RunningTask, running_task
from promptwire.sweeps.parcel import Parcel, Place, Returned, place, read_parcel, write_text

__all__ = ["check_parcel", "run_parcel"]

_TICK: Final = 0.5
"""Seconds between two looks whether the result is still wanted."""
_PAUSE: Final = 2.0
"""Shortest time between two messages about one cell, in seconds."""
_GRACE: Final = 60.0
"""Seconds that a stopped cell has to store what it paid for."""
_STAMP: Final = re.compile(r"\d{8}-\d{6}-")
_POOL: Final = Pool()


def run_parcel(text: str, topic: str) -> str:
    """Run the cell in the parcel `text`, tell its progress about `topic`, and return its result as text."""
    return _handled(text, topic, check=False)


def check_parcel(text: str, topic: str) -> str:
    """Check the cell in the parcel `text` as far as nothing is spent. The result has an error if this worker can't run it."""
    return _handled(text, topic, check=True)


def _handled(text: str, topic: str, *, check: bool) -> str:
    task = running_task()
    key = "0" * 24
    try:
        parcel = read_parcel(text)
        key, here = parcel.key, version("promptwire")
        if parcel.version != here:
            hint = "install the same version on all workers"
            raise ClusterError(f"this worker has promptwire {here}, and the sweep has {parcel.version}", hint=hint)
        if not check:
            task.tell(topic, {"kind": "start", "key": key, "where": task.where})
        return write_text(_in_child(parcel, text, task, topic=topic, check=check))
    except PromptwireError as error:
        return write_text(Returned(key=key, state="failed", why=redact(str(error))))


def _in_child(parcel: Parcel, text: str, task: RunningTask, *, topic: str, check: bool) -> Returned:
    """Let a process of the pool run the cell."""
    home = Path(tempfile.mkdtemp(prefix="promptwire-")).resolve()
    child = _POOL.take(parcel.plugins)
    try:
        (home / PARCEL).write_text(text, encoding="ascii")
        child.send(json.dumps({"home": str(home), "check": check}))
        end = _wait(child, task, topic, parcel.key)
        return _returned(parcel, end, home)
    finally:
        _POOL.give_back(child)
        shutil.rmtree(home, ignore_errors=True)


def _wait(child: CellChild, task: RunningTask, topic: str, key: str) -> dict[str, Any]:
    """The end of the cell. Its progress is passed on from time to time. A cell that is not wanted any more is stopped."""
    last, stopping = time.monotonic(), 0.0
    while True:
        event = child.next_event(_TICK)
        now = time.monotonic()
        if event is not None and event["kind"] == "end":
            return event
        rare = event is not None and event["kind"] == "note"
        if event is not None and (rare or now - last >= _PAUSE) and not stopping:
            last = last if rare else now
            task.tell(topic, {**event, "key": key})
        if not stopping and not task.wanted:
            stopping = now
            child.send("stop")
        if stopping and now - stopping > _GRACE:
            child.kill()
            raise ClusterError("the cell was stopped")


def _returned(parcel: Parcel, end: dict[str, Any], home: Path) -> Returned:
    """The result of a cell, with the files of its run folder, in which words stand for the folders of this machine."""
    folder = next((path for path in (home / RUNS).glob("*") if path.is_dir()), None)
    texts = {} if folder is None else _files(folder, parcel.mark, home)
    name = "" if folder is None else _STAMP.sub("", folder.name)
    told: dict[str, Any] = dict(end.get("end") or {})
    known: dict[str, Any] = {
        field: told[field] for field in ("state", "why", "calls", "cached", "tokens", "usd", "seconds") if field in told
    }
    if "error" in end:
        known |= {"state": "failed", "why": _worded(end["error"], _words(parcel.mark, home, folder)), "fatal": "fatal" in end}
    elif "stopped" in end:
        known |= {"state": "stopped", "why": "it was stopped"}
    known["why"] = redact(known.get("why", ""))  # the client does not know the secrets of this machine
    return Returned(**{"state": "finished", **known, "key": parcel.key, "name": name, "files": texts})


def _files(folder: Path, mark: str, home: Path) -> dict[str, str]:
    words = _words(mark, home, folder)
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: _worded(path.read_bytes().decode("utf-8", "surrogatepass"), words) for path in paths}


def _words(mark: str, home: Path, run: Path | None) -> dict[str, str]:
    """Folders of this machine, and the words that stand for them."""
    folders: dict[Place, Path] = {"files": home / "files"}
    folders |= {"pipelines": package_folder("pipelines"), "templates": package_folder("templates")}
    if run is not None:
        folders["run"] = run
    return {json.dumps(str(folder))[1:-1]: place(mark, name) for name, folder in folders.items()}


def _worded(text: str, words: dict[str, str]) -> str:
    for folder in sorted(words, key=len, reverse=True):
        text = text.replace(folder, words[folder])
    return text
