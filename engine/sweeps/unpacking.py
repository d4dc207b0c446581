"""Unpacking of a parcel on a worker."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptwire.bundles.files import installed, safe_path, write_text
from promptwire.errors import RunError
from promptwire.sweeps.common_limits import CommonLimits
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.parcel import Parcel, place, shipped_folders

__all__ = ["Unpacked", "unpack"]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A parcel's cell in a folder of a worker."""

    cell: Cell
    """The cell, with paths of this machine."""
    files: Path
    """Folder of the user's own files."""
    working: Path
    """The working folder of the run."""
    common: CommonLimits | None
    """Limits of all cells."""
    allowed: tuple[Path, ...]
    """Folders and files that the run may open."""


def unpack(parcel: Parcel, home: Path) -> Unpacked:
    """Write the files of `parcel` into the folder `home`.

    Raises RunError when a shipped file of this installation is another one, or a file can't be written.
    """
    for name, sha in parcel.shipped.items():
        if installed(name, sha, what="parcel") is None:
            hint = "install the same promptwire on all workers"
            raise RunError(f"the shipped file {name} of this worker differs from that of the sweep", hint=hint)
    files = home / "files"
    try:
        for name, text in parcel.files.items():
            write_text(files / safe_path(name, what="parcel"), text)
        for name, code in parcel.binary.items():
            path = files / safe_path(name, what="parcel")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(code, validate=True))
        working = files if parcel.working == "." else files / safe_path(parcel.working, what="parcel")
        working.mkdir(parents=True, exist_ok=True)
    except (OSError, binascii.Error) as error:
        raise RunError(f"the parcel can't be unpacked: {error}"[:300], where=str(home)) from error
    word = place(parcel.mark, "files")
    options = parcel.options.model_copy(update={"task": _put_back(parcel.options.task, word, str(files))})
    cell = Cell(parcel.row, parcel.task, parcel.options.seed, parcel.pipeline, options, parcel.key)
    allowed = (files, *shipped_folders().values(), *map(Path, parcel.outside))
    return Unpacked(cell, files, working, parcel.common, allowed)


def _put_back(value: Any, word: str, folder: str) -> Any:
    if isinstance(value, str):
        return value.replace(word, folder)
    if isinstance(value, Mapping):
        return {key: _put_back(one, word, folder) for key, one in value.items()}
    return [_put_back(one, word, folder) for one in value] if isinstance(value, list | tuple) else value
