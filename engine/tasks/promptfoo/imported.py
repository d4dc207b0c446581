"""What an import gives: the keys of a task file, rows of data, files beside them, and notes. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptwire.documents.document import Document

__all__ = ["ImportedTask", "is_promptfoo"]


@dataclass(frozen=True, slots=True)
class ImportedTask:
    """A task out of another tool's file, ready to be written."""

    name: str
    """Name of the task."""
    task: Mapping[str, Any]
    """Keys of the task file, but `promptwire`, `task` and `data`: the writer names the data file."""
    rows: tuple[Mapping[str, Any], ...]
    """Rows of the data file, one object a line of JSON Lines, in the order of the tests."""
    files: Mapping[str, str] = field(default_factory=dict)
    """More files in the folder of the task file, by name, such as the judge's template under `rubric`."""
    model: str = ""
    """What to give to `--model`; empty when no provider has a counterpart."""
    api_base: str = ""
    """What to give to `--api-base`; empty for the model's usual address."""
    notes: tuple[str, ...] = ()
    """What differs from the other tool, and what was left out, with file and line."""


def is_promptfoo(document: Document) -> bool:
    """Whether a YAML file is a configuration of promptfoo and no task file."""
    keys = document.root.value
    return isinstance(keys, dict) and "prompts" in keys and "prompt" not in keys and "data" not in keys
