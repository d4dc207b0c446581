"""The names that a graph can refer to, and what is known of each before anything runs.

One flat scope without shadowing: a loop's body sees the names around it, and none of its own may repeat one of those. Every
look-up is noted, so that what nobody reads can be told to the author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from promptwire.documents.document import YamlValue
from promptwire.errors import Location, suggest
from promptwire.language.diagnostics import Diagnostics

__all__ = ["REFERENCE", "Symbol", "SymbolTable", "referenced_names"]

REFERENCE: Final = re.compile(r"\$([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?")

Kind = Literal["input", "param", "variable", "state", "node"]


@dataclass(slots=True)
class Symbol:
    """One name and what it stands for."""

    name: str
    kind: Kind
    location: Location
    holds: type | None = None
    """Type of its value; None when it is not known, because something about it is wrong, or when it is a node."""
    optional: bool = False
    """Whether its value may be unset."""
    values: tuple[Any, ...] | None = None
    """All values that it takes, where they are known: of params and loop variables."""
    ports: Mapping[str, type | None] | None = None
    """Outputs of a node by name; None when they are not known."""
    main: str | None = None
    """Main output of a node; a loop has none."""
    used: set[str] = field(default_factory=set)
    """Ports that something refers to; of what has no ports, the empty name."""


class SymbolTable:
    """A scope: the names of one graph, inside the names around it."""

    def __init__(self, around: SymbolTable | None = None) -> None:
        self.own: dict[str, Symbol] = {}
        self.around = around

    def find(self, name: str) -> Symbol | None:
        """What `name` stands for, here or further out."""
        if name in self.own:
            return self.own[name]
        return self.around.find(name) if self.around else None

    def declare(self, symbol: Symbol, diagnostics: Diagnostics) -> None:
        """Take in a name; one that is already taken is an error that says by what."""
        taken = self.find(symbol.name)
        if taken is not None:
            where = f"line {taken.location.line}" if taken.location.file == symbol.location.file else str(taken.location)
            article = "an" if taken.kind == "input" else "a"
            message = f"the name {symbol.name!r} is already {article} {taken.kind} ({where})"
            diagnostics.error("name-clash", symbol.location, message, "every name in a file means one thing: choose another")
        self.own.setdefault(symbol.name, symbol)

    def visible(self) -> Iterator[Symbol]:
        """Every name that can be referred to here."""
        yield from self.own.values()
        if self.around:
            yield from self.around.visible()

    def nearest(self, name: str) -> str:
        """A hint for an unknown name."""
        names = [f"${symbol.name}" for symbol in self.visible()]
        # A long list is no help; the closest name is found among all the same.
        return suggest(f"${name}", names, noun="names here", otherwise=None if len(names) <= 12 else "")


def inner_name_hint(nodes: YamlValue, name: str) -> str:
    """A hint for a name that stands inside of a loop or an `each` among `nodes`, where the outside does not see it."""
    for owner, node in nodes.value.items() if isinstance(nodes.value, dict) else ():
        carry, body = node.get("carry"), node.get("nodes")
        if carry is not None and carry.get(name) is not None:
            return f"it is a state of the loop {owner!r}: outside of it write ${owner}.{name}"
        if body is not None and body.get(name) is not None:
            shown = carry if carry is not None else node.get("outputs")
            seen = [f"${owner}.{each}" for each in shown.value] if shown is not None and isinstance(shown.value, dict) else []
            return f"it stands inside of {owner!r}, of which the outside sees: {', '.join(seen) or 'nothing'}"
        if body is not None and (found := inner_name_hint(body, name)):
            return found
    return ""


def referenced_names(yaml_value: YamlValue) -> Iterator[str]:
    """The names that are referred to anywhere in `yaml_value`."""
    if isinstance(yaml_value.value, dict):
        for child in yaml_value.value.values():
            yield from referenced_names(child)
    elif isinstance(yaml_value.value, list):
        for child in yaml_value.value:
            yield from referenced_names(child)
    elif isinstance(yaml_value.value, str) and (found := REFERENCE.fullmatch(yaml_value.value)):
        yield found[1]
