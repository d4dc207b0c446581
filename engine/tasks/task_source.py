"""Finds the task file of a name, a folder or a data file, and puts the user's own keys in place of its keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from promptwire.documents.document import Document, Position, Source, yaml_value_of
from promptwire.documents.resources import task_path
from promptwire.documents.yaml_reader import read_yaml
from promptwire.errors import DataError, UsageError
from promptwire.tasks.file_reach import refuse_address
from promptwire.tasks.promptfoo.imported import is_promptfoo
from promptwire.tasks.reading.form import SUFFIXES
from promptwire.tasks.reading.hub import PREFIX

__all__ = ["find_source", "with_changes"]

_TEMPLATES: Final = {"template", "rubric"}


def find_source(source: str) -> tuple[Path, Document]:
    """The folder for relative data paths, and the task file or its substitute."""
    refuse_address(source)
    path = Path(source)
    if source.startswith(PREFIX):
        return Path(), _stand_in(Path(source), {"data": {"train": source}})
    if os.path.isdir(path):  # raises no error for a name that is too long
        named = path / "task.yaml"
        if named.is_file():
            return path, read_yaml(named)
        return path, _stand_in(path, {"data": _files_in(path)})
    yaml = path.suffix in (".yaml", ".yml")
    if path.suffix.lower() in SUFFIXES or (path.suffix and not yaml and os.path.isfile(path)):
        return path.parent, _stand_in(path, {"data": {"train": path.name}})
    if yaml:
        document = read_yaml(path)
        if is_promptfoo(document):
            problem = "this is a configuration of promptfoo, not a task file"
            raise UsageError(problem, where=str(path), hint=f"`promptwire task init {path}` writes a task file from it")
        return path.parent, document
    shipped = task_path(source)
    return shipped.parent, read_yaml(shipped)


def _stand_in(path: Path, data: dict[str, Any]) -> Document:
    """Substitute for a task file, for the data at `path`."""
    return Document(str(path), yaml_value_of(data, Position(Source(str(path)))))


def with_changes(document: Document, changes: Mapping[str, Any]) -> Document:
    """`document` with `changes` in place of its own keys."""
    if not changes or not isinstance(document.root.value, dict):
        return document
    # A template named on the command line is relative to the working folder, not to the folder of the task file.
    here = {key: str(Path(changes[key]).absolute()) for key in _TEMPLATES & changes.keys() if os.path.isfile(str(changes[key]))}
    given = yaml_value_of({**changes, **here}, Position(Source("command line"))).value
    return replace(document, root=replace(document.root, value={**document.root.value, **given}))  # type: ignore[dict-item]


def _files_in(folder: Path) -> dict[str, str]:
    """Data files of a folder, by the names of their splits."""
    found = {}
    for name in ("train", "dev", "test"):
        files = [folder / f"{name}{suffix}" for suffix in SUFFIXES if (folder / f"{name}{suffix}").is_file()]
        if files:
            found[name] = files[0].name
    if "train" not in found:
        raise DataError("there is no task.yaml and no train file in this folder", where=str(folder), hint="add train.jsonl")
    return found
