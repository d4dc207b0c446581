"""The run folder of a cell that ran elsewhere: written whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from promptwire.errors import PromptwireError, RunError
from promptwire.options import runs_folder
from promptwire.results.lenient import as_text, read_line
from promptwire.results.run_folder import make_folder, working_folder, write_file
from promptwire.sweeps.cells import CELL
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.parcel import Parcel, Place, Returned, place, read_returned, shipped_folders
from promptwire.sweeps.runner import CellEnd, CellProgress

__all__ = ["keep_returned", "kept_end", "read_progress", "read_result"]

_ONE: Final = threading.Lock()
"""Held while a folder is written: the folder for what is not complete is made and removed for each."""
_INCOMING: Final = ".incoming"
"""Folder in the runs folder for what is not complete. It is no run folder itself."""


def read_result(key: str, text: Any) -> Returned:
    """What came back of the cell `key`; what can't be read is an error of the cell."""
    try:
        return read_returned(str(text), key)
    except PromptwireError as error:
        return Returned(key=key, state="failed", why=str(error))


def read_progress(key: str, told: Mapping[str, Any]) -> CellProgress | None:
    """The progress in a message of a worker; None when it has another form."""
    calls, cached, tokens, usd = (told.get(name) for name in ("calls", "cached", "tokens", "usd"))
    if not (isinstance(calls, int) and isinstance(cached, int) and isinstance(tokens, int)):
        return None
    dollars = usd if isinstance(usd, float | int) else None
    return CellProgress(key, calls, cached, tokens, dollars, str(told.get("text") or "")[:200])


def kept_end(cell: Cell, parcel: Parcel, returned: Returned, where: str) -> CellEnd:
    """Keep the run folder of a cell that ended on the worker `where`, and make its end."""
    state, why, run = returned.state, returned.why, None
    try:
        run = keep_returned(cell, parcel, returned)
    except PromptwireError as error:
        state, why = "failed", str(error)
    told: dict[str, Any] = {name: getattr(returned, name) for name in ("calls", "cached", "tokens", "usd", "seconds")}
    return CellEnd(cell.key, state, run=run, why=why, where=where, **told)


def keep_returned(cell: Cell, parcel: Parcel, returned: Returned) -> Path | None:
    """Write the run folder that came back of `cell`, with the paths of this machine; None when there is none.

    The folder has its name only when it is complete, with the mark of the cell. Raises RunError.
    """
    if not returned.files:
        return None
    with _ONE:
        return _kept(cell, parcel, returned)


def _kept(cell: Cell, parcel: Parcel, returned: Returned) -> Path:
    working = working_folder()
    folder = make_folder(runs_folder(), returned.name or "cell")
    part = folder.parent / _INCOMING / folder.name
    told = _Told(cell, parcel, working, folder)
    try:
        part.mkdir(mode=0o700, parents=True)
        for name, text in returned.files.items():
            write_file(part / name, told.rewritten(name, text))
        if os.name == "nt":
            folder.rmdir()
        part.replace(folder)  # it takes the place of the empty folder that holds the name
    except (PromptwireError, OSError, ValueError, TypeError, RecursionError) as error:
        shutil.rmtree(part, ignore_errors=True)
        with suppress(OSError):
            folder.rmdir()  # it is empty, or whole
        if isinstance(error, PromptwireError):
            raise
        problem = error.strerror if isinstance(error, OSError) else f"what came back is damaged: {error}"
        raise RunError(f"the run folder can't be written: {problem}", where=str(folder)) from error
    finally:
        with suppress(OSError):
            part.parent.rmdir()
    return folder


class _Told:
    """Writes the files of a run folder as if the run had been made here."""

    def __init__(self, cell: Cell, parcel: Parcel, working: Path, folder: Path) -> None:
        self._cell = cell
        self._working = working
        top = working if parcel.working == "." else working.parents[parcel.working.count("/")]
        folders: dict[Place, Path | str] = {"files": top, **shipped_folders(), "run": folder}
        self._folders = {place(parcel.mark, name): json.dumps(str(path))[1:-1] for name, path in folders.items()}
        self._models = {
            json.dumps(parcel.options.models[role])[1:-1]: json.dumps(name)[1:-1]
            for role, name in cell.options.models.items()
            if parcel.options.models[role] != name
        }
        self._edits: Mapping[str, Callable[[dict[str, Any]], None]] = {"run.json": self._origin, "state.json": self._state}

    def rewritten(self, name: str, text: str) -> str:
        """The text of a file with the paths of this machine. Raises ValueError when it is no JSON."""
        for word, path in {**self._folders, **self._models}.items():
            text = text.replace(word, path)
        if name == CELL and as_text((read_line(text) or {}).get("key")) != self._cell.key:
            raise ValueError(f"{name} is the mark of another cell")
        if name not in self._edits:
            return text
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError(f"{name} is no JSON object")
        self._edits[name](data)
        return json.dumps(data, indent=1) + "\n"

    def _origin(self, data: dict[str, Any]) -> None:
        """The origin of a run: names relative to the working folder, files in the order of their paths here."""
        data["pipeline"], data["task"] = map(self._relative, (self._cell.pipeline, str(self._cell.task)))
        data["working"] = str(self._working)
        data["changes"] = self._cell.options.model_dump(mode="json")["task"]
        files = data.get("files")
        data["files"] = dict(sorted(files.items())) if isinstance(files, dict) else {}
        data["data"] = sorted(map(str, data.get("data") or ()))

    def _relative(self, name: str) -> str:
        path = self._working / name
        return os.path.relpath(path, self._working) if path.exists() else name

    def _state(self, data: dict[str, Any]) -> None:
        data["pipeline"], data["task"] = self._cell.pipeline, self._cell.task
        data["changes"] = self._cell.options.model_dump(mode="json")["task"]
