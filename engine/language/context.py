"""What all parts of one check share, and where in a pipeline they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from promptwire.documents.document import Document, KeyPath, YamlValue
from promptwire.errors import Location, PipelineError, Problem
from promptwire.graph.steps import Step
from promptwire.language.diagnostics import Diagnostics
from promptwire.language.file_lookup import FileResolver
from promptwire.language.spec import PipelineSpec
from promptwire.language.symbols import Symbol, SymbolTable, referenced_names
from promptwire.node import NodeType

__all__ = ["BuildResult", "CheckContext", "GraphScope", "LoadedPipeline", "StepEntry"]

MAX_STEPS = 2000
"""Steps of a whole graph: pipelines that use pipelines twice grow by doubling."""


@dataclass(frozen=True, slots=True)
class LoadedPipeline:
    """A pipeline file that was read and has a shape."""

    path: Path
    document: Document
    spec: PipelineSpec
    broken: frozenset[KeyPath]
    """Paths of its misshapen parts, which `spec` lacks."""


@dataclass(slots=True)
class CheckContext:
    """One check: where node types and files come from, and what was found."""

    types: Mapping[str, NodeType]
    folders: FileResolver
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    opened: dict[Path, LoadedPipeline | None] = field(default_factory=dict)
    """Files by path; None when there is no pipeline in one."""
    steps: int = 0

    def count(self, location: Location) -> None:
        """One more step. Raises PipelineError when there are more than any author can have meant."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            message = f"the whole graph has more than {MAX_STEPS} steps"
            raise PipelineError([Problem("too-large", location, message, "pipelines that use pipelines multiply: use a loop")])


@dataclass(frozen=True, slots=True)
class GraphScope:
    """A graph that is being built."""

    context: CheckContext
    source: LoadedPipeline
    names: SymbolTable
    chain: tuple[Path, ...]
    """Files of the pipelines around it, its own last."""
    path: str = ""
    """Dotted path of the step that owns it; empty at the top."""
    states: list[tuple[Symbol, Symbol]] = field(default_factory=list)
    """Loops and their states, to be asked at the end who reads them; one list for all bodies of a pipeline."""

    @property
    def diagnostics(self) -> Diagnostics:
        """Diagnostics of the check."""
        return self.context.diagnostics

    def inside(self, names: SymbolTable, name: str) -> GraphScope:
        """The scope of the body of the step `name`."""
        return GraphScope(self.context, self.source, names, self.chain, self.at(name), self.states)

    def at(self, name: str) -> str:
        """The dotted path of the step `name`."""
        return f"{self.path}.{name}" if self.path else name

    def value_at(self, path: KeyPath) -> YamlValue:
        """What is written at `path`."""
        return self.source.document.value_at(path)

    def location(self, path: KeyPath) -> Location:
        """Where the key at `path` stands."""
        return self.source.document.location(path, key=True)

    def mark_used(self, yaml_value: YamlValue) -> None:
        """Take the names in something that is wrong as used: whoever mends it will use them."""
        for name in referenced_names(yaml_value):
            if symbol := self.names.find(name):
                symbol.used.add("*")


class StepEntry(NamedTuple):
    """Where a step stands in its graph."""

    name: str
    at: KeyPath
    """Its path in the document."""
    needs: frozenset[str]
    """Steps of the same graph that must be done before."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A step and what can be referred to of it."""

    step: Step | None = None
    ports: Mapping[str, type | None] | None = None
    """Types of its outputs; None when they can't be known."""
    main: str | None = None
    """Name of the main output."""
