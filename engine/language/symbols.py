"""Symbol table: the names that references can use, with types and known values.

Scopes are nested: a loop's body sees the enclosing names. It can't declare one of them again, except as a state or variable of
the loop, which hides the outer value. Every look-up is recorded, for warnings about unused names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from promptwire.documents.document import YamlValue
from promptwire.errors import Location, closest, suggest
from promptwire.graph.steps import Condition
from promptwire.language.diagnostics import Diagnostics

__all__ = ["REFERENCE", "Kind", "Symbol", "SymbolTable", "looks_like_reference", "referenced_names"]

REFERENCE: Final = re.compile(r"\$([a-z][a-z0-9_]*)(?:\.([a-z][a-z0-9_]*))?")

_OUTSIDE: Final = frozenset({"repeat", "each", "when", "unless"})
"""Keys of a loop or an `each` whose references are to values outside."""
Kind = Literal["input", "param", "variable", "state", "node"]


@dataclass(slots=True)
class Symbol:
    """A name and what is known about it before the run."""

    name: str
    kind: Kind
    location: Location
    holds: type | None = None
    """Type of its value; None for a node, and when the type is unknown because of an error."""
    optional: bool = False
    """Whether the value may be unset."""
    values: tuple[Any, ...] | None = None
    """All values that it can have, when known: for params and loop variables."""
    ports: Mapping[str, type | None] | None = None
    """Types of a node's outputs by name; None when they are unknown."""
    main: str | None = None
    """Name of a node's main output; None for a loop."""
    conditions: tuple[Condition, ...] = ()
    """Conditions without which a node's outputs are empty."""
    implicit: bool = False
    """Whether the language declares it, as the number of a loop's round. A name of the author takes its place."""
    clashes: bool = False
    """Whether the name is declared twice. Nothing is known about its value then, and the one report is that of the clash."""
    used: set[str] = field(default_factory=set)
    """Ports that are referred to; the empty name for a symbol without ports. `*` stands for a reference that is faulty."""


class SymbolTable:
    """Names of one graph, nested in the enclosing scope."""

    def __init__(self, around: SymbolTable | None = None) -> None:
        self.own: dict[str, Symbol] = {}
        self.around = around

    def find(self, name: str) -> Symbol | None:
        """Find `name` in this scope or an enclosing one."""
        if name in self.own:
            return self.own[name]
        return self.around.find(name) if self.around else None

    def declare(self, symbol: Symbol, diagnostics: Diagnostics) -> None:
        """Declare a symbol. Reports an error when its name is already declared.

        A state or loop variable may have the name of a value outside its loop, which it hides: what moves into a loop keeps its
        references.
        """
        hides = symbol.kind in ("state", "variable") and symbol.name not in self.own
        taken = None if hides and not symbol.implicit else self.find(symbol.name)
        if taken is None or taken.implicit:
            self.own[symbol.name] = symbol
        elif not symbol.implicit:
            where = f"line {taken.location.line}" if taken.location.file == symbol.location.file else str(taken.location)
            article = "an" if taken.kind == "input" else "a"
            message = f"the name {symbol.name!r} is already {article} {taken.kind} ({where})"
            diagnostics.error("name-clash", symbol.location, message, "every name in a file means one thing: choose another")
            taken.clashes = self.own.setdefault(symbol.name, symbol).clashes = True

    def visible(self) -> Iterator[Symbol]:
        """All symbols that can be referred to in this scope."""
        yield from (symbol for symbol in self.own.values() if not symbol.implicit)
        if self.around:
            yield from (symbol for symbol in self.around.visible() if symbol.name not in self.own)

    def mark_closest(self, name: str) -> None:
        """Mark the symbol that an unknown `name` probably means as used. One fault then causes no second warning."""
        symbols = {symbol.name: symbol for symbol in self.visible()}
        near = closest(name, sorted(symbols))
        if near is not None:
            symbols[near].used.add("*")

    def nearest(self, name: str) -> str:
        """Hint for an unknown name."""
        names = [f"${symbol.name}" for symbol in self.visible()]
        # More than 12 names are too many to list; the closest name is still suggested.
        return suggest(f"${name}", names, noun="names here", otherwise=None if len(names) <= 12 else "")


def inner_name_hint(nodes: YamlValue, name: str) -> str:
    """Hint for a name inside a loop or `each` of `nodes`. It is not visible outside."""
    for owner, node in nodes.value.items() if isinstance(nodes.value, dict) else ():
        carry, body = node.get("carry"), node.get("nodes")
        if carry is not None and carry.get(name) is not None:
            return f"it is a state of the loop {owner!r}: outside the loop write ${owner}.{name}"
        if body is not None and body.get(name) is not None:
            shown = carry if carry is not None else node.get("outputs")
            seen = [f"${owner}.{each}" for each in shown.value] if shown is not None and isinstance(shown.value, dict) else []
            return f"it is inside {owner!r}; visible outside: {', '.join(seen) or 'nothing'}"
        if body is not None and (found := inner_name_hint(body, name)):
            return found
    return ""


def looks_like_reference(value: Any) -> bool:
    """Whether `value` is meant as a reference, valid or not."""
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")


def referenced_names(yaml_value: YamlValue) -> Iterator[str]:
    """All names that are referred to in `yaml_value`.

    Left out are those that a loop or an `each` in it declares for its body, and those in patches of another file.
    """
    if isinstance(yaml_value.value, dict):
        hidden, used = _declared(yaml_value), yaml_value.value.get("use")
        for key, child in yaml_value.value.items():
            if key == "override" and used is not None and isinstance(used.value, str):
                continue
            if key == "carry" and hidden:
                yield from _carried(child, hidden)
            else:
                inside = () if key in _OUTSIDE else hidden
                yield from (name for name in referenced_names(child) if name not in inside)
    elif isinstance(yaml_value.value, list):
        for child in yaml_value.value:
            yield from referenced_names(child)
    elif isinstance(yaml_value.value, str) and (found := REFERENCE.fullmatch(yaml_value.value)):
        yield found[1]


def _declared(node: YamlValue) -> frozenset[str]:
    """States, variables and nodes that a loop or an `each` declares."""
    if node.get("nodes") is None:
        return frozenset()
    written = [node.get("carry"), node.get("repeat"), node.get("each"), node.get("nodes")]
    return frozenset(name for one in written if one is not None and isinstance(one.value, dict) for name in one.value)


def _carried(carry: YamlValue, hidden: frozenset[str]) -> Iterator[str]:
    """Names under `carry:` that are not `hidden` in the body. A state starts with a value from outside."""
    for state in carry.value.values() if isinstance(carry.value, dict) else ():
        for key, child in state.value.items() if isinstance(state.value, dict) else ():
            yield from (name for name in referenced_names(child) if key == "start" or name not in hidden)
