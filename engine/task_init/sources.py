"""What a task is made from: data files, or the configuration of another tool."""

from __future__ import annotations

import os
from pathlib import Path

from promptwire.documents.document import Document
from promptwire.documents.yaml_reader import read_yaml
from promptwire.errors import UsageError
from promptwire.task_init.data_files import find_data
from promptwire.task_init.draft import draft_task
from promptwire.task_init.drafted import Draft
from promptwire.task_init.guess import Given
from promptwire.task_init.imported_draft import draft_import
from promptwire.tasks.promptfoo.imported import is_promptfoo

__all__ = ["FILE", "draft_of", "task_file_for"]

FILE = "task.yaml"
_CONFIG = "promptfooconfig"


def task_file_for(source: str, out: Path | None) -> Path:
    """Where the task file of `source` belongs: `out`, a file or a folder, or beside the data. Raises DataError without data."""
    if out is not None:
        return out / FILE if os.path.isdir(out) else out
    config = _config(source)
    return (config.parent if config is not None else find_data(source).folder) / FILE


def draft_of(source: str, given: Given, file: Path, *, plugins: bool = False) -> Draft:
    """The task file `file` for `source`. `plugins` allows an import that needs code of the user.

    Raises what `draft_task` and `import_promptfoo` raise.
    """
    config = _config(source)
    if config is None:
        return draft_task(source, given, file)
    _refuse_other_yaml(read_yaml(config), config)
    return draft_import(config, given, file, plugins=plugins)


def _config(source: str) -> Path | None:
    """The YAML file that `source` is, or that a folder of this name holds; None for data."""
    path = Path(source)
    if os.path.isdir(path):  # no error for a name that is too long
        found = (path / f"{_CONFIG}{suffix}" for suffix in (".yaml", ".yml"))
        return next((one for one in found if one.is_file()), None)
    return path if path.suffix.lower() in (".yaml", ".yml") else None


def _refuse_other_yaml(document: Document, path: Path) -> None:
    """Raise UsageError for a YAML file that is no configuration of promptfoo."""
    if is_promptfoo(document):
        return
    keys = document.root.value
    if isinstance(keys, dict) and "data" in keys:
        hint = f"use it: promptwire plan PIPELINE --task {path}"
        raise UsageError("this is a task file already", where=str(path), hint=hint)
    hint = "a data file, a folder, or a promptfooconfig.yaml, which has `prompts:`"
    raise UsageError("no task can be made from this YAML file", where=str(path), hint=hint)
