"""State of one check, and the scope of the graph being built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from promptwire.documents.document import Document, KeyPath, YamlValue
from promptwire.errors import Location, Problem
from promptwire.graph.steps import Condition, Step
from promptwire.language.diagnostics import Diagnostics
from promptwire.language.file_lookup import FileResolver
from promptwire.language.spec import PipelineSpec
from promptwire.language.symbols import Symbol, SymbolTable, referenced_names
from promptwire.node import NodeType

__all__ = ["BuildResult", "CheckContext", "GraphScope", "LoadedPipeline", "OpenedFile", "StepEntry"]


@dataclass(frozen=True, slots=True)
class LoadedPipeline:
    """A pipeline file that was read and parsed."""

    path: Path
    document: Document
    spec: PipelineSpec
    broken: frozenset[KeyPath]
    """Paths of invalid parts, which are missing in `spec`."""
    patched: bool = False
    """Whether a node that uses the file has patched it."""


class OpenedFile(NamedTuple):
    """What opening a pipeline file gave."""

    source: LoadedPipeline | None
    """The pipeline; None when the file is not one."""
    problems: tuple[Problem, ...]
    """Errors and warnings of the file."""
    patches: YamlValue | None
    """Patches of the node that uses it."""


@dataclass(slots=True)
class CheckContext:
    """State of one check: node types, folders, opened files, diagnostics."""

    types: Mapping[str, NodeType]
    folders: FileResolver
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    opened: dict[tuple[Path, int], OpenedFile] = field(default_factory=dict)
    """Opened files, by path and identity of the patches."""


@dataclass(frozen=True, slots=True)
class GraphScope:
    """Scope of a graph that is being built: its names, its file, its path."""

    context: CheckContext
    source: LoadedPipeline
    names: SymbolTable
    chain: tuple[Path, ...]
    """Files of the enclosing pipelines, its own last."""
    path: str = ""
    """Dotted path of the step that owns the graph; empty for the top graph."""
    states: list[tuple[Symbol, Symbol]] = field(default_factory=list)
    """Loops and their states, for warnings about unused states; one list for all bodies of a pipeline."""
    given: tuple[Condition, ...] = ()
    """Conditions that hold whenever the step that is being built is run."""
    looped: bool = False
    """Whether a loop or an 'each' is around it, in this pipeline or where the pipeline is used."""

    @property
    def diagnostics(self) -> Diagnostics:
        """Diagnostics of the check."""
        return self.context.diagnostics

    def inside(self, names: SymbolTable, name: str) -> GraphScope:
        """Scope for the body of the step `name`."""
        return GraphScope(self.context, self.source, names, self.chain, self.at(name), self.states, self.given, looped=True)

    def under(self, conditions: tuple[Condition, ...]) -> GraphScope:
        """Scope for a step with these conditions."""
        return replace(self, given=(*self.given, *conditions)) if conditions else self

    def at(self, name: str) -> str:
        """Dotted path of the step `name`."""
        return f"{self.path}.{name}" if self.path else name

    def value_at(self, path: KeyPath) -> YamlValue:
        """The YAML value at `path`."""
        return self.source.document.value_at(path)

    def location(self, path: KeyPath) -> Location:
        """Location of the key at `path`."""
        return self.source.document.location(path, key=True)

    def mark_used(self, yaml_value: YamlValue) -> None:
        """Mark the names in a faulty value as used. One fault then causes no second warning."""
        for name in referenced_names(yaml_value):
            if symbol := self.names.find(name):
                symbol.used.add("*")


class StepEntry(NamedTuple):
    """Entry of a step under `nodes:`: name, path in the document, needed steps."""

    name: str
    at: KeyPath
    """Path in the document."""
    needs: frozenset[str]
    """Steps of the same graph that must finish first."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A built step and the outputs that references can name."""

    step: Step | None = None
    ports: Mapping[str, type | None] | None = None
    """Types of its outputs; None when they are unknown."""
    main: str | None = None
    """Name of the main output."""
    conditions: tuple[Condition, ...] = ()
    """Conditions without which its outputs are empty."""
