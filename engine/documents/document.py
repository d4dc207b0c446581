"""Data that knows where each of its values was written.

A pipeline is put together from several texts - its own file, the one it extends, the command line - and every message must
point into the text that is at fault. So a file is a tree of `Branch`es that carry their spots, and a patch moves branches.
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
    """A text and the name it goes by."""

    name: str
    """Trail as the user wrote it, or what else to call the text."""
    lines: tuple[str, ...] = ()
    """Its lines; none when the text has no lines to speak of, such as a value on the command line."""


@dataclass(frozen=True, slots=True)
class Position:
    """A point in a source. Cheaper than a Place, which carries its line's text."""

    source: Source
    line: int = 0
    column: int = 0

    def location(self) -> Location:
        """The location to show."""
        known = 0 < self.line <= len(self.source.lines)
        text = flattened(self.source.lines[self.line - 1]) if known else ""
        return Location(self.source.name, self.line, self.column, text)


@dataclass(frozen=True, slots=True)
class YamlValue:
    """A value with the spots of itself and of its key."""

    value: Scalar | dict[str, YamlValue] | list[YamlValue]
    position: Position
    key: Position | None = None
    """Where its key stands; None for what has no key."""
    removed: Mapping[str, Position] = field(default_factory=dict)
    """Keys that a patch took away, and where it says so: what then lacks them is the patch's fault."""

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
        """The child under a key or at an index."""
        if isinstance(self.value, dict):
            return self.value.get(step) if isinstance(step, str) else None
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was read."""

    file: str
    root: YamlValue

    @property
    def data(self) -> Any:
        """The document as plain Python: dict, list, str, int, float, bool, None."""
        return self.root.data()

    def value_at(self, path: KeyPath) -> YamlValue:
        """What stands at `path`, or the nearest that exists above it."""
        yaml_value = self.root
        for step in path:
            child = yaml_value.get(step)
            if child is None:
                break
            yaml_value = child
        return yaml_value

    def location(self, path: KeyPath = (), *, key: bool = False) -> Location:
        """Where the value at `path` stands, or its key; of what is not there, the nearest above."""
        yaml_value = self.value_at(path)
        return (yaml_value.key if key and yaml_value.key else yaml_value.position).location()


def yaml_value_of(data: Any, position: Position, key: Position | None = None) -> YamlValue:
    """Plain Python as a tree that stands at `position` as a whole."""
    if isinstance(data, dict):
        return YamlValue({str(name): yaml_value_of(value, position, position) for name, value in data.items()}, position, key)
    if isinstance(data, list | tuple):
        return YamlValue([yaml_value_of(value, position) for value in data], position, key)
    return YamlValue(data, position, key)
