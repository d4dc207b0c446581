"""Drawing of a run's pipeline, with what its nodes did."""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.drawing import dot, text
from promptwire.drawing.graphviz import draw
from promptwire.errors import PromptwireError, UsageError
from promptwire.graph.nesting import every_step
from promptwire.language.check import load_graph
from promptwire.page.values import PageStep
from promptwire.results.run import Run

__all__ = ["page_graph"]

_ALL = 1000
"""Depth of inner pipelines that are shown: all of them, since each step has its counts."""


def page_graph(run: Run, steps: Sequence[PageStep]) -> dict[str, str] | None:
    """Draw the pipeline of `run` with the counts of `steps`; None when the pipeline is not here, or is another one by now.

    It is an SVG where Graphviz is installed, and text elsewhere.
    """
    settings = run.settings
    try:
        graph = load_graph(settings.pipeline, params=settings.params, patches=settings.patches)
    except PromptwireError:
        return None
    notes = {step.path: _note(step) for step in steps}
    if not {step.path for step in run.steps} <= {step.path for step in every_step(graph)}:
        return None
    try:
        return {"svg": draw(dot.render(graph, notes, depth=_ALL), "svg").decode()}
    except UsageError:
        return {"text": text.render(graph, notes)}


def _note(step: PageStep) -> str:
    calls = [f"{n:,} {what}" for n, what in ((step.new, "new"), (step.cached, "cached"), (step.failed, "failed")) if n]
    return ", ".join((*calls, *(f"{n:,} {what}" for what, n in step.counts.items())))
