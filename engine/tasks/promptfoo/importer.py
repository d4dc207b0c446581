"""Turns a promptfooconfig.yaml into a task: prompts, tests, asserts and providers.

What has a counterpart is taken over, what differs is a note, and what has no counterpart is one error with file, line and column.
"""

from __future__ import annotations

from pathlib import Path

from promptwire.documents.document import Document
from promptwire.errors import UsageError
from promptwire.tasks.promptfoo.imported import ImportedTask

__all__ = ["import_promptfoo", "is_promptfoo"]


def is_promptfoo(document: Document) -> bool:
    """Whether a YAML file is a configuration of promptfoo and no task file."""
    keys = document.root.value
    return isinstance(keys, dict) and "prompts" in keys and "prompt" not in keys


def import_promptfoo(path: Path | str, *, plugins: bool = False) -> ImportedTask:
    """The task in the configuration at `path`. With `plugins`, asserts in Python become a plug-in's metric.

    Raises PipelineError or DataError, with file and line, for what can't be read and for what has no counterpart.
    """
    raise UsageError("a configuration of promptfoo can't be imported yet", where=str(path))
