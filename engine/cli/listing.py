"""What there is: shipped pipelines and tasks, node types, embedded models, and what the cache keeps, as rows for a table."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from promptwire.backends import model_files
from promptwire.cache.disk import ResponseCache
from promptwire.documents import resources
from promptwire.documents.yaml_reader import read_yaml
from promptwire.graph.port_types import is_optional, name_of
from promptwire.options import cache_folder
from promptwire.registry.node_types import Registry
from promptwire.values import Model

__all__ = ["cache_rows", "fetch_model", "model_rows", "node_rows", "pipeline_rows", "remove_model", "task_rows"]


def pipeline_rows() -> list[tuple[str, str]]:
    """Name and first sentence of each shipped pipeline."""
    return [(name, _doc(resources.pipeline_path(name))) for name in resources.pipelines()]


def task_rows() -> list[tuple[str, str]]:
    """Name and first sentence of each shipped task."""
    return [(name, _doc(resources.task_path(name))) for name in resources.tasks()]


def node_rows() -> list[tuple[str, str, str, str]]:
    """Name, input ports, output ports and purpose of each node type."""
    registry = Registry()
    rows = []
    for name in registry:
        kind = registry[name]
        rows.append((name, _ports(kind.inputs), _ports(kind.outputs), kind.doc))
    return rows


def _doc(path: Path) -> str:
    data = read_yaml(path).data
    return str(data.get("doc", "")).strip() if isinstance(data, dict) else ""


def _ports(schema: type[Model]) -> str:
    fields = schema.model_fields.items()
    return ", ".join(
        f"{name}: {name_of(field.annotation)}{'?' if is_optional(field.annotation) else ''}" for name, field in fields
    )


def model_rows() -> list[tuple[str, str, str, str, str]]:
    """Name, state, size, licence and file of each embedded model."""
    return [
        (known.name, "present" if known.present else "absent", f"{known.size / 1e6:.0f} MB", known.licence, str(known.path))
        for known in model_files.KNOWN.values()
    ]


def fetch_model(name: str, say: Callable[[str], None]) -> Path:
    """The file of the model `name`, fetched when it is not there or damaged. Raises ModelUnavailable."""
    known = model_files.KNOWN.get(name)
    if known is not None and known.present and model_files.fingerprint(known.path) == known.sha256:
        return known.path
    return model_files.fetch(name, say)


def remove_model(name: str) -> str:
    """Delete the file of the model `name`; says what was done. Raises UsageError for an unknown name."""
    return model_files.remove(name)


def cache_rows() -> dict[str, int | float | str | None]:
    """What the cache keeps, by name of the figure."""
    folder = cache_folder()
    if not os.path.exists(folder):  # no error for a name that is too long
        return {"folder": str(folder), "answers": 0, "bytes": 0}
    cache = ResponseCache(folder)
    try:
        stats = cache.stats()
    finally:
        cache.close()
    return {"folder": str(folder), "answers": stats.rows, "bytes": stats.bytes, "usd": stats.usd, "unpriced": stats.unpriced}
