"""Warnings about the steps of a pipeline that follow from its sizes and params: for `check`, which has no task or no plan."""

from __future__ import annotations

from collections.abc import Mapping

from promptwire.bounds import ONE, UNKNOWN, Extent
from promptwire.errors import Problem
from promptwire.graph.port_types import is_set
from promptwire.graph.steps import Graph
from promptwire.planning.graph_walk import count_calls
from promptwire.values import Prompts

__all__ = ["step_warnings"]


def step_warnings(graph: Graph, sizes: Mapping[str, int] | None = None) -> list[Problem]:
    """The warnings of the steps of `graph`. `sizes` are those of its inputs, by name.

    Without them, there is one initial prompt, and nothing is known of the other sets.
    """
    known = {name: Extent.exactly(size) for name, size in (sizes or {}).items()}
    assumed = {name: UNKNOWN if is_set(kind) and kind is not Prompts else ONE for name, kind in graph.inputs.items()}
    found = count_calls(graph, {name: known.get(name, size) for name, size in assumed.items()})
    return [
        Problem(code, bounds.step.location, message, hint, warning=True)
        for bounds in found.values()
        for code, message, hint in bounds.warnings
    ]
