"""From what is written after a key to a wire whose both ends fit.

A whole text that starts with `$` is a reference, a list of references is their union, `$$` is a plain `$`; everything else is a
literal. That is the whole syntax: an expression language in YAML only fails later and further away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import describe
from promptwire.errors import Location, suggest
from promptwire.graph.port_types import WIDER, fits, is_set, name_of
from promptwire.graph.steps import LiteralValue, Ref, RefUnion, Wire
from promptwire.language.context import GraphScope
from promptwire.language.diagnostics import Diagnostics
from promptwire.language.symbols import REFERENCE, Symbol, SymbolTable, inside

__all__ = ["Target", "connect", "known_values", "literal", "looks_like_reference", "refer", "type_of_wire"]


_PLAIN: Final = (bool, int, float, str, list)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a wire ends: what it is called in messages and what fits."""

    label: str
    """Such as `'prompts' of beam-select`."""
    type: type | None = None
    """None takes anything."""
    optional: bool = False
    """Whether it takes an input that may be unset."""


def looks_like_reference(value: Any) -> bool:
    """Whether `value` means a reference, rightly written or not."""
    return isinstance(value, str) and value.startswith("$") and not value.startswith("$$")


def connect(branch: YamlValue, socket: Target, frame: GraphScope) -> Wire | None:
    """The wire that `branch` describes, or None when it is wrong, which is then noted."""
    value = branch.value
    if looks_like_reference(value):
        return refer(branch, socket, frame)
    if isinstance(value, list) and any(looks_like_reference(item.value) for item in value):
        return _unite(branch, socket, frame)
    return literal(branch, socket, frame.site.findings)


def refer(branch: YamlValue, socket: Target, frame: GraphScope) -> Ref | None:
    """The reference in `branch`, its other end checked against `socket`."""
    names, findings = frame.names, frame.site.findings
    text, place = str(branch.value), branch.spot.place()
    found = REFERENCE.fullmatch(text)
    if not found:
        hint = f"a reference is $name or $name.output; the text itself is written ${text}"
        findings.error("bad-reference", place, f"{text!r} is not a reference", hint)
        return None
    name, port = found[1], found[2]
    symbol = names.find(name)
    if symbol is None:
        hint = inside(frame.branch(("nodes",)), name) or names.nearest(name)
        findings.error("unknown-name", place, f"there is no {name!r} here", hint)
        return None
    symbol.used.add(port or symbol.main or "")
    known, kind = _end(symbol, port, place=place, findings=findings)
    if not known:
        return None
    if kind is not None and socket.type is not None and not fits(kind, socket.type):
        message = f"{text} is {name_of(kind)}, but {socket.label} needs {name_of(socket.type)}"
        findings.error("type-mismatch", place, message, _better(symbol, port, socket.type))
        return None
    if symbol.optional and not socket.optional:
        findings.error(
            "maybe-unset", place, f"{text} may be left unset, but {socket.label} needs it", f"make {name!r} a required input"
        )
        return None
    return Ref(name, port, place)


def literal(branch: YamlValue, socket: Target, findings: Diagnostics) -> LiteralValue | None:
    """The value written in `branch`, which must be one that `socket` takes."""
    before = findings.count
    value = _plain(branch, findings)
    if findings.count > before:
        return None
    wanted = socket.type
    if wanted is None or wanted is type(value) or (wanted is float and type(value) is int):
        return LiteralValue(value)
    if value is None and socket.optional:
        return LiteralValue(None)
    hint = "write a reference such as $name" if wanted not in _PLAIN else ""
    message = f"{_said(value)}, but {socket.label} needs {name_of(wanted)}"
    findings.error("type-mismatch", branch.spot.place(), message, _meant(value, hint))
    return None


def _said(value: Any) -> str:
    """What a literal is, in a message."""
    if value is None:
        return "nothing is written here"
    shown = repr(value) if isinstance(value, str) else describe(value)
    return f"{shown} is {name_of(type(value))}" if type(value) in _PLAIN[:4] else f"this is {describe(value)}"


def _meant(value: Any, hint: str) -> str:
    """`hint`, with the reference that a bare word was probably meant to be."""
    return f"write a reference: ${value}" if hint and isinstance(value, str) and REFERENCE.fullmatch(f"${value}") else hint


def type_of_wire(wire: Wire | None, names: SymbolTable) -> type | None:
    """The type of the value on `wire`; None when it is not known."""
    if isinstance(wire, LiteralValue):
        return type(wire.value) if type(wire.value) in _PLAIN else None
    if not isinstance(wire, RefUnion):
        return _type_of_ref(wire, names) if wire else None
    kinds = [_type_of_ref(ref, names) for ref in wire.refs]
    wholes = [kind for known in kinds if known for kind in (known, WIDER.get(known)) if kind and is_set(kind)]
    return next((whole for whole in wholes if all(kind and fits(kind, whole) for kind in kinds)), None)


def known_values(wire: Wire, names: SymbolTable) -> tuple[Any, ...] | None:
    """Every value that `wire` can carry, when that is known before the run."""
    if isinstance(wire, LiteralValue):
        return (wire.value,)
    symbol = names.find(wire.name) if isinstance(wire, Ref) else None
    return symbol.values if symbol else None


def _type_of_ref(ref: Ref, names: SymbolTable) -> type | None:
    symbol = names.find(ref.name)
    if symbol is None:
        return None
    return (symbol.ports or {}).get(ref.port or symbol.main or "") if symbol.kind == "node" else symbol.holds


def _end(symbol: Symbol, port: str | None, *, place: Location, findings: Diagnostics) -> tuple[bool, type | None]:
    """Whether the reference's far end exists, and its type."""
    if symbol.kind != "node":
        if port is None:
            return True, symbol.holds
        article = "an" if symbol.kind == "input" else "a"
        findings.error(
            "unknown-output", place, f"{symbol.name!r} is {article} {symbol.kind} and has no outputs", f"write ${symbol.name}"
        )
        return False, None
    if symbol.ports is None:
        return True, None
    if port is None and symbol.main is None:
        shown = ", ".join(f"${symbol.name}.{name}" for name in symbol.ports)
        findings.error(
            "no-main-output", place, f"{symbol.name!r} is a loop, which has no main output", f"write one of: {shown}"
        )
        return False, None
    if port is not None and port not in symbol.ports:
        hint = suggest(port, symbol.ports, noun="outputs")
        findings.error("unknown-output", place, f"{symbol.name!r} has no output {port!r}", hint)
        return False, None
    return True, symbol.ports[port or symbol.main or ""]


def _better(symbol: Symbol, port: str | None, wanted: type) -> str:
    """Another output of the same node that would fit."""
    others = [name for name, kind in (symbol.ports or {}).items() if kind is not None and fits(kind, wanted) and name != port]
    return f"did you mean ${symbol.name}.{others[0]}?" if others else ""


def _unite(branch: YamlValue, socket: Target, frame: GraphScope) -> RefUnion | None:
    """A list of references."""
    findings, items = frame.site.findings, branch.value if isinstance(branch.value, list) else []
    wrong = [item for item in items if not looks_like_reference(item.value)]
    for item in wrong:
        findings.error(
            "mixed-list",
            item.spot.place(),
            "a list holds either references or values",
            "give the values a node or param of their own",
        )
    if socket.type is not None and not is_set(socket.type):
        message = f"a list of references is their union, but {socket.label} needs {name_of(socket.type)}"
        findings.error("type-mismatch", branch.spot.place(), message, "write one reference")
        return None
    inner = Target(socket.label, None if socket.type is list else socket.type, optional=True)
    refs = [refer(item, inner, frame) for item in items if item not in wrong]
    found = tuple(ref for ref in refs if ref is not None)
    return RefUnion(found) if len(found) == len(items) else None


def _plain(branch: YamlValue, findings: Diagnostics) -> Any:
    """The literal in `branch`, `$$` undone; a reference deep inside is an error, for nothing would look at it."""
    if isinstance(branch.value, dict):
        return {key: _plain(child, findings) for key, child in branch.value.items()}
    if isinstance(branch.value, list):
        return [_plain(child, findings) for child in branch.value]
    if looks_like_reference(branch.value):
        hint = "a reference stands alone after a key, or in a list of references"
        findings.error("bad-reference", branch.spot.place(), f"{branch.value} can't stand inside another value", hint)
    return branch.value[1:] if isinstance(branch.value, str) and branch.value.startswith("$$") else branch.value
