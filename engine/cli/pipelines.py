"""`pipelines`: list the pipelines and tasks that come with promptwire."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["pipelines"]


def pipelines() -> None:
    """List the shipped pipelines and tasks."""
    from promptwire.cli.console import console, print_table
    from promptwire.documents import resources

    rows = [(name, _doc(resources.pipeline_path(name))) for name in resources.pipelines()]
    print_table(rows, ("pipeline", "what it is"), console())
    sys.stdout.write("\n")
    rows = [(name, _doc(resources.task_path(name))) for name in resources.tasks()]
    print_table(rows, ("task", "what it is"), console())


def _doc(path: Path) -> str:
    """The `doc` of a YAML file."""
    from promptwire.documents.yaml_reader import read_yaml

    data = read_yaml(path).data
    return str(data.get("doc", "")).strip() if isinstance(data, dict) else ""
