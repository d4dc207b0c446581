"""Refuses a pipeline with too many steps before its graph is built.

A pipeline that uses another one twice, which uses a third one twice, doubles the steps at each level. Building 20,000 of them
takes seconds. So the steps of each file are counted once, and the counts are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from promptwire.documents.document import KeyPath
from promptwire.errors import Location, PipelineError, Problem
from promptwire.language.context import CheckContext, LoadedPipeline
from promptwire.language.file_lookup import is_pipeline
from promptwire.language.inheritance import folder_of
from promptwire.language.opening import read_pipeline
from promptwire.language.patching import OVERRIDE
from promptwire.language.step_spec import CallSpec, NodeSpec

__all__ = ["MAX_STEPS", "check_step_count"]

MAX_STEPS = 20_000
"""Largest number of steps of a graph, with those of its loops and of the pipelines that it uses."""


def check_step_count(context: CheckContext, source: LoadedPipeline) -> None:
    """Raise PipelineError if the graph of `source` has more than MAX_STEPS steps. It points at the step that is too much."""
    counter, total = _Counter(context), 0
    for name, spec in source.spec.nodes.items():
        counter.location = source.document.location(("nodes", name), key=True)
        total += counter.steps(source, {name: spec}, ("nodes",), frozenset({source.path.resolve()}))
        if total > MAX_STEPS:
            raise _too_large(counter.location)


class _Counter:
    """Counts steps. Keeps the count of each opened file."""

    location = Location("")
    """Location of the step of the top file that is being counted."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._known: dict[int, int] = {}
        self._visited = 0

    def steps(self, source: LoadedPipeline, specs: Mapping[str, NodeSpec], at: KeyPath, chain: frozenset[Path]) -> int:
        """Number of steps of the nodes `specs`, which stand under `at` in `source`. `chain`: the files around them."""
        total = 0
        for name, spec in specs.items():
            self._visited += 1
            if self._visited > MAX_STEPS:  # files that are patched in other ways at each place are not counted once
                raise _too_large(self.location)
            total += 1
            if not isinstance(spec, CallSpec):
                total += self.steps(source, spec.nodes, (*at, name, "nodes"), chain)
            elif is_pipeline(spec.use):
                total += self._inside(source, spec.use, (*at, name), chain)
        return total

    def _inside(self, source: LoadedPipeline, use: str, at: KeyPath, chain: frozenset[Path]) -> int:
        """Steps of the pipeline file `use`. 0 where it can't be opened or contains itself: building it tells so."""
        node = source.document.value_at(at)
        written = node.get("use") or node
        try:
            path = self._context.folders.pipeline(use, folder_of(written, source.document), written.location)
        except PipelineError:
            return 0
        real = path.resolve()
        inner = None if real in chain else read_pipeline(self._context, path, inside=node.get(OVERRIDE)).source
        if inner is None:
            return 0
        if id(inner) not in self._known:
            self._known[id(inner)] = self.steps(inner, inner.spec.nodes, ("nodes",), chain | {real})
        return self._known[id(inner)]


def _too_large(location: Location) -> PipelineError:
    message = f"the graph has more than {MAX_STEPS} steps"
    return PipelineError([Problem("too-large", location, message, "use a loop in place of pipelines that contain pipelines")])
