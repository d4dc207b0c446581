"""Checks a pipeline before any call: names, types, settings, templates.

`check` returns all problems. `load_graph` returns the graph, or raises all problems at once.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptwire.documents import resources
from promptwire.errors import PipelineError, Problem
from promptwire.graph.steps import Graph
from promptwire.language.builder import build, scope_of
from promptwire.language.context import CheckContext, LoadedPipeline
from promptwire.language.file_lookup import FileResolver, is_pipeline
from promptwire.language.opening import open_pipeline
from promptwire.language.params import set_params
from promptwire.language.step_count import check_step_count
from promptwire.node import NodeType
from promptwire.registry.node_types import Registry
from promptwire.values import Prompt, Prompts

__all__ = ["Checked", "check", "load_graph", "path_of"]


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of checking a pipeline."""

    graph: Graph | None
    """The graph; None when there is an error."""
    problems: tuple[Problem, ...]
    """Errors and warnings, file by file from top to bottom."""
    unset: frozenset[str] = frozenset()
    """Params without a value."""


def check(
    pipeline: str | Path,
    *,
    params: Mapping[str, Any] | None = None,
    patches: Mapping[str, Any] | None = None,
    types: Mapping[str, NodeType] | None = None,
    complete: bool = False,
) -> Checked:
    """Check `pipeline`, a file or the name of a shipped pipeline, and return all problems.

    `params` and `patches` are the values of `-p` and `--set`. Texts are read as YAML; other values are used unchanged.
    `types` are the node types, by default all installed ones. `complete` says that every param must have a value. Raises
    UsageError for an unknown pipeline name.
    """
    path = pipeline if isinstance(pipeline, Path) else path_of(pipeline)
    context = CheckContext(Registry() if types is None else types, FileResolver(path.parent))
    graph, unset = None, frozenset[str]()
    try:
        source = open_pipeline(context, path, patches)
        if source is not None:
            check_step_count(context, source)
            unset = frozenset(name for name, spec in source.spec.params.items() if spec.required and name not in (params or {}))
            graph = _build(context, source, params=params or {}, unset=unset if complete else frozenset())
    except PipelineError as error:
        context.diagnostics.add(error.problems)
    return Checked(None if context.diagnostics.count else graph, context.diagnostics.sorted(), unset)


def load_graph(
    pipeline: str | Path,
    *,
    params: Mapping[str, Any] | None = None,
    patches: Mapping[str, Any] | None = None,
    types: Mapping[str, NodeType] | None = None,
) -> Graph:
    """Load `pipeline` as a graph that can run. Arguments as for `check`; every param must have a value.

    Raises PipelineError with all problems, and UsageError for an unknown pipeline name.
    """
    checked = check(pipeline, params=params, patches=patches, types=types, complete=True)
    if checked.graph is None:
        raise PipelineError(checked.problems)
    return checked.graph


def path_of(pipeline: str) -> Path:
    """Path of `pipeline`, a file or the name of a shipped pipeline. Raises UsageError for an unknown name."""
    return Path(pipeline) if is_pipeline(pipeline) or os.path.exists(pipeline) else resources.pipeline_path(pipeline)


def _build(context: CheckContext, source: LoadedPipeline, *, params: Mapping[str, Any], unset: Collection[str]) -> Graph:
    names = scope_of(context, source)
    set_params(source.spec.params, params, symbols=names.own, diagnostics=context.diagnostics)
    for name in source.spec.params:
        if name in unset:
            context.diagnostics.error(
                "unset-param", names.own[name].location, f"the param {name!r} is not set", f"give it: -p {name}=VALUE"
            )
    graph = build(context, source, names)
    if not context.diagnostics.count and not any(kind in (Prompt, Prompts) for kind in graph.types.values()):
        location = source.document.location(("outputs",), key=True)
        context.diagnostics.warn(
            "no-prompt", location, "no output is Prompt or Prompts", "'promptwire run' reports the first one that is"
        )
    return graph
