"""What there is: shipped pipelines and tasks, node types, embedded models, and what the cache keeps, as rows for a table."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from promptwire.calls.cache import AnswerCache
from promptwire.documents import shipped
from promptwire.documents.reading import read
from promptwire.language.registry import Registry
from promptwire.language.wires import is_optional, name_of
from promptwire.models import weights
from promptwire.options import cache_folder
from promptwire.values import Model

__all__ = ["cache_rows", "fetch_model", "model_rows", "node_rows", "pipeline_rows", "remove_model", "task_rows"]


def pipeline_rows() -> list[tuple[str, str]]:
    """Name and first sentence of each shipped pipeline."""
    return [(name, _doc(shipped.pipeline_path(name))) for name in shipped.pipelines()]


def task_rows() -> list[tuple[str, str]]:
    """Name and first sentence of each shipped task."""
    return [(name, _doc(shipped.task_path(name))) for name in shipped.tasks()]


def node_rows() -> list[tuple[str, str, str, str]]:
    """Name, input ports, output ports and purpose of each node type."""
    registry = Registry()
    rows = []
    for name in registry:
        kind = registry[name]
        rows.append((name, _ports(kind.inputs), _ports(kind.outputs), kind.doc))
    return rows


def _doc(path: Path) -> str:
    data = read(path).data
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
        for known in weights.KNOWN.values()
    ]


def fetch_model(name: str, say: Callable[[str], None]) -> Path:
    """The file of the model `name`, fetched when it is not there or damaged. Raises ModelUnavailable."""
    known = weights.KNOWN.get(name)
    if known is not None and known.present and weights.fingerprint(known.path) == known.sha256:
        return known.path
    return weights.fetch(name, say)


def remove_model(name: str) -> str:
    """Delete the file of the model `name`; says what was done. Raises UsageError for an unknown name."""
    return weights.remove(name)


def cache_rows() -> dict[str, int | float | str | None]:
    """What the cache keeps, by name of the figure."""
    folder = cache_folder()
    if not os.path.exists(folder):  # no error for a name that is too long
        return {"folder": str(folder), "answers": 0, "bytes": 0}
    cache = AnswerCache(folder)
    try:
        stats = cache.stats()
    finally:
        cache.close()
    return {"folder": str(folder), "answers": stats.rows, "bytes": stats.bytes, "usd": stats.usd, "unpriced": stats.unpriced}
