"""YAML values with the position where each was written.

A pipeline is merged from several texts: its own file, the file that it extends, the command line. Each message must point into
the text that has the error. So a document is a tree of `YamlValue`s with positions, and a patch moves whole values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptwire.errors import Location
from promptwire.security.sanitizer import flattened

__all__ = ["Document", "KeyPath", "Position", "Scalar", "Source", "YamlValue", "yaml_value_of"]

Scalar = str | int | float | bool | None
KeyPath = tuple[str | int, ...]
"""Keys and indexes from the top of a document."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text and its name."""

    name: str
    """Path as the user wrote it, or another name of the text."""
    lines: tuple[str, ...] = ()
    """Its lines; empty for a value from the command line."""


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a source. Cheaper than a `Location`, which holds the text of its line."""

    source: Source
    line: int = 0
    column: int = 0

    def location(self) -> Location:
        """The location for messages."""
        known = 0 < self.line <= len(self.source.lines)
        text = flattened(self.source.lines[self.line - 1]) if known else ""
        return Location(self.source.name, self.line, self.column, text)


@dataclass(frozen=True, slots=True)
class YamlValue:
    """A YAML value with its position and that of its key."""

    value: Scalar | dict[str, YamlValue] | list[YamlValue]
    position: Position
    key: Position | None = None
    """Position of its key; None when it has no key."""
    removed: Mapping[str, Position] = field(default_factory=dict)
    """Keys that a patch removed, with the patch's position: an error about a missing key then points at the patch."""

    @property
    def location(self) -> Location:
        """Location of the value."""
        return self.position.location()

    @property
    def key_location(self) -> Location:
        """Location of its key; of the value when it has no key."""
        return (self.key or self.position).location()

    def data(self) -> Any:
        """The value as plain Python."""
        if isinstance(self.value, dict):
            return {key: yaml_value.data() for key, yaml_value in self.value.items()}
        if isinstance(self.value, list):
            return [yaml_value.data() for yaml_value in self.value]
        return self.value

    def get(self, step: str | int) -> YamlValue | None:
        """The child at a key or an index; None when there is none."""
        if isinstance(self.value, dict):
            return self.value.get(step) if isinstance(step, str) else None
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document with its file name."""

    file: str
    root: YamlValue

    @property
    def data(self) -> Any:
        """The document as plain Python: dict, list, str, int, float, bool, None."""
        return self.root.data()

    def value_at(self, path: KeyPath) -> YamlValue:
        """The value at `path`, or the nearest enclosing value that exists."""
        yaml_value = self.root
        for step in path:
            child = yaml_value.get(step)
            if child is None:
                break
            yaml_value = child
        return yaml_value

    def location(self, path: KeyPath = (), *, key: bool = False) -> Location:
        """Location of the value at `path`, or of its key. For a missing value: of the nearest enclosing one."""
        yaml_value = self.value_at(path)
        return (yaml_value.key if key and yaml_value.key else yaml_value.position).location()


def yaml_value_of(data: Any, position: Position, key: Position | None = None) -> YamlValue:
    """Convert plain Python to a YAML value, with `position` for every part."""
    if isinstance(data, dict):
        return YamlValue({str(name): yaml_value_of(value, position, position) for name, value in data.items()}, position, key)
    if isinstance(data, list | tuple):
        return YamlValue([yaml_value_of(value, position) for value in data], position, key)
    return YamlValue(data, position, key)
