"""Steps inside of steps: the graphs of loops, `each` steps and inner pipelines."""

from __future__ import annotations

from collections.abc import Iterator

from promptwire.graph.steps import EachStep, Graph, PipeStep, RepeatStep, Step

__all__ = ["every_step", "inner_graph"]


def inner_graph(step: Step) -> Graph | None:
    """The graph that `step` owns; None for a call of a node."""
    if isinstance(step, RepeatStep | EachStep):
        return step.body
    return step.graph if isinstance(step, PipeStep) else None


def every_step(graph: Graph) -> Iterator[Step]:
    """The steps of `graph`, each followed by those inside it."""
    for step in graph.steps.values():
        yield step
        inner = inner_graph(step)
        if inner is not None:
            yield from every_step(inner)
