"""Finds the data files of a task: one file, or those of a folder by the names of their splits."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from promptwire.errors import DataError
from promptwire.task_init.guess import Guess
from promptwire.tasks.file_reach import refuse_address
from promptwire.tasks.reading.form import SUFFIXES
from promptwire.tasks.split_column import SPLIT_NAMES

__all__ = ["DataSource", "find_data"]

_PARTS: Final = re.compile(r"[^a-z]+")
_NO_DATA: Final = re.compile(
    r"readme|licen[cs]e|requirements|notice|changelog|package|package-lock|tsconfig|manifest|config|task", re.I
)
_SHOWN: Final = 8


class DataSource(NamedTuple):
    """The data of a task."""

    files: dict[str, Path]
    """Files by split; only `train` where one file holds all."""
    folder: Path
    """Folder that the task file belongs into."""
    name: str
    """Name of the task."""
    guess: Guess | None
    """Why these files; None for a file that the user named."""


def find_data(source: str) -> DataSource:
    """The data files of `source`, a file or a folder. Raises DataError when there is none, or no safe choice."""
    refuse_address(source)
    path = Path(source)
    if os.path.isdir(source):  # no error for a name that is too long
        return _in_folder(path)
    if not os.path.isfile(source):
        raise DataError("there is no such file or folder", where=source[:200], hint="check the path")
    if _split_of(path) is None:
        return DataSource({"train": path}, path.parent, path.stem, None)
    beside = [one.name for one in _data_in(path.parent) if one != path and _split_of(one) is not None]
    why = f"{beside[0]} is beside it: name the folder to use both" if beside else "as you say"
    return DataSource({"train": path}, path.parent, path.parent.resolve().name or path.stem, Guess("data", path.name, why))


def _in_folder(folder: Path) -> DataSource:
    tables = _data_in(folder)
    name = folder.resolve().name or "task"
    if not tables:
        hint = f"data files end in {', '.join(SUFFIXES)}"
        raise DataError("there is no data file in this folder", where=str(folder), hint=hint)
    found: dict[str, list[Path]] = {}
    for one in tables:
        if (split := _split_of(one)) is not None:
            found.setdefault(split, []).append(one)
    if not found and len(tables) == 1:
        return DataSource({"train": tables[0]}, folder, name, Guess("data", tables[0].name, "the only data file in the folder"))
    if "train" not in found:
        raise DataError("it is not clear which file of this folder holds the data", where=str(folder), hint=_named(tables))
    for split, files in found.items():
        if len(files) > 1:
            hint = f"{_named(files)}; or remove the others"
            raise DataError(f"several files may hold {split}", where=str(folder), hint=hint)
    chosen: dict[str, Path] = {split: found[split][0] for split in ("train", "dev", "test") if split in found}
    shown = ", ".join(path.name for path in chosen.values())
    return DataSource(chosen, folder, name, Guess("data", shown, "files that are named by split"))


def _data_in(folder: Path) -> list[Path]:
    """The data files of a folder; text files only where there are no others, since they may hold anything."""
    files = sorted(one for one in folder.iterdir() if one.suffix.lower() in SUFFIXES and one.is_file())
    known = [one for one in files if not _NO_DATA.fullmatch(one.stem) and not one.name.startswith(".")]
    return [one for one in known if one.suffix.lower() != ".txt"] or known


def _split_of(path: Path) -> str | None:
    """The split that the name of a file says, such as `reviews_train.csv`; None where it says none."""
    words = _PARTS.split(path.stem.casefold())
    return next((SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES), None)


def _named(files: Sequence[Path]) -> str:
    names = ", ".join(one.name for one in files[:_SHOWN]) + (", ..." if len(files) > _SHOWN else "")
    return f"name one: {names}"
