"""Opens the pipeline files of a check, each once: the top file and those that are used as nodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptwire.documents.document import YamlValue
from promptwire.errors import PipelineError
from promptwire.language.context import CheckContext, LoadedPipeline, OpenedFile
from promptwire.language.inheritance import resolve
from promptwire.language.shape import shape

__all__ = ["open_pipeline", "read_pipeline"]


def open_pipeline(
    context: CheckContext, path: Path, patches: Mapping[str, Any] | None = None, *, inside: YamlValue | None = None
) -> LoadedPipeline | None:
    """Open the pipeline file at `path`. None when it is not a pipeline; the error is reported.

    `patches` are those of the command line; `inside` are those of a node that uses the file.
    """
    opened = read_pipeline(context, path, patches, inside=inside)
    context.diagnostics.add(opened.problems)
    return opened.source


def read_pipeline(
    context: CheckContext, path: Path, patches: Mapping[str, Any] | None = None, *, inside: YamlValue | None = None
) -> OpenedFile:
    """As `open_pipeline`, but problems are returned and not reported. A file is read once for each node that patches it."""
    patched = inside if inside is not None and inside.value else None
    key = (path, id(patched))
    if key not in context.opened:
        context.opened[key] = _read(context, path, patches, patched)
    return context.opened[key]


def _read(context: CheckContext, path: Path, patches: Mapping[str, Any] | None, inside: YamlValue | None) -> OpenedFile:
    try:
        found = resolve(path, context.folders, patches=patches, inside=inside)
    except PipelineError as error:
        return OpenedFile(None, error.problems, inside)
    shaped = shape(found)
    if shaped.spec is None:
        return OpenedFile(None, shaped.problems, inside)
    source = LoadedPipeline(path, found, shaped.spec, shaped.broken, inside is not None)
    return OpenedFile(source, shaped.problems, inside)
