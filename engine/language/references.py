"""Turns the value of a key into a wire, and checks its type.

A text that starts with `$` is a reference. A list of references is their union. `$$` is a plain `$`. Any other value is a
literal. There are no expressions: their errors would appear later and further from their cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import describe
from promptwire.errors import Location, suggest
from promptwire.graph.port_types import SET_OF, WIDER, fits, is_set, name_of
from promptwire.graph.steps import ROUND, Condition, LiteralValue, Ref, RefUnion, Wire
from promptwire.language.context import GraphScope
from promptwire.language.diagnostics import Diagnostics
from promptwire.language.symbols import REFERENCE, Symbol, SymbolTable, inner_name_hint, looks_like_reference
from promptwire.values.members import MembersPort

__all__ = ["Target", "connect", "fitting_output", "known_values", "literal", "refer", "type_of_wire"]


_LITERAL_TYPES: Final = (bool, int, float, str, list)


@dataclass(frozen=True, slots=True)
class Target:
    """The end of a wire: its label in messages and the type that fits."""

    label: str
    """Label for messages, such as `'prompts' of beam-select`."""
    type: type | None = None
    """Wanted type; None accepts any."""
    optional: bool = False
    """Whether an input that may be unset is accepted."""


def connect(yaml_value: YamlValue, target: Target, scope: GraphScope) -> Wire | None:
    """Connect `yaml_value` to `target`. None on an error, which is reported."""
    value = yaml_value.value
    if looks_like_reference(value):
        return refer(yaml_value, target, scope)
    if isinstance(value, list) and any(looks_like_reference(item.value) for item in value):
        return _union(yaml_value, target, scope)
    return literal(yaml_value, target, scope.diagnostics)


def refer(yaml_value: YamlValue, target: Target, scope: GraphScope) -> Ref | None:
    """Resolve the reference in `yaml_value` and check its type against `target`."""
    names, diagnostics = scope.names, scope.diagnostics
    text, location = str(yaml_value.value), yaml_value.location
    found = REFERENCE.fullmatch(text)
    if not found:
        hint = f"a reference is $name or $name.output; the text itself is written ${text}"
        diagnostics.error("bad-reference", location, f"{text!r} is not a reference", hint)
        return None
    name, port = found[1], found[2]
    symbol = names.find(name)
    if symbol is None:
        outside = "it is the number of a loop's round: read it in the body of a repeat" if name == ROUND else ""
        hint = outside or inner_name_hint(scope.value_at(("nodes",)), name) or names.nearest(name)
        diagnostics.error("unknown-name", location, f"there is no {name!r} here", hint)
        names.mark_closest(name)
        return None
    symbol.used.add(port or symbol.main or "")
    if symbol.clashes:
        return Ref(name, port, location)
    known, kind = _check_source(symbol, port, location=location, diagnostics=diagnostics)
    if not known:
        return None
    as_set = kind in SET_OF and not _holds(symbol.conditions, scope.given)
    if as_set and target.type is kind:
        gate = ", ".join(map(str, symbol.conditions))
        message = f"{text} is not there when its node is not run ({gate}), but {target.label} needs it"
        same = ", ".join(str(one).replace(" ", ": ", 1) for one in symbol.conditions)
        hint = f"give this node the same {same}, or write a list where a set is taken: [{text}, $other]"
        diagnostics.error("maybe-unset", location, message, hint)
        return None
    if kind is not None and target.type is not None and not fits(kind, target.type):
        message = f"{text} is {name_of(kind)}, but {target.label} needs {name_of(target.type)}"
        diagnostics.error("type-mismatch", location, message, fitting_output(symbol, port, target.type))
        return None
    if symbol.optional and not target.optional:
        diagnostics.error(
            "maybe-unset", location, f"{text} may be left unset, but {target.label} needs it", f"make {name!r} a required input"
        )
        return None
    return Ref(name, port, location, as_set)


def _holds(conditions: tuple[Condition, ...], given: tuple[Condition, ...]) -> bool:
    """Whether `conditions` are among the given ones."""
    known = {(one.key, one.wanted) for one in given}
    return all((one.key, one.wanted) in known for one in conditions)


def literal(yaml_value: YamlValue, target: Target, diagnostics: Diagnostics) -> LiteralValue | None:
    """Read the literal in `yaml_value` and check its type against `target`."""
    before = diagnostics.count
    value = _literal_value(yaml_value, diagnostics)
    if diagnostics.count > before:
        return None
    wanted = target.type
    if wanted is None or wanted is type(value) or (wanted, type(value)) in ((float, int), (MembersPort, list)):
        return LiteralValue(value)
    if value is None and target.optional:
        return LiteralValue(None)
    hint = "write a reference such as $name" if wanted not in _LITERAL_TYPES else ""
    message = f"{_describe_literal(value)}, but {target.label} needs {name_of(wanted)}"
    diagnostics.error("type-mismatch", yaml_value.location, message, _reference_hint(value, hint))
    return None


def _describe_literal(value: Any) -> str:
    """Description of a literal for a message."""
    if value is None:
        return "nothing is written here"
    shown = repr(value) if isinstance(value, str) else describe(value)
    return f"{shown} is {name_of(type(value))}" if type(value) in _LITERAL_TYPES[:4] else f"this is {describe(value)}"


def _reference_hint(value: Any, hint: str) -> str:
    """`hint`, or the reference that a bare word probably means."""
    return f"write a reference: ${value}" if hint and isinstance(value, str) and REFERENCE.fullmatch(f"${value}") else hint


def type_of_wire(wire: Wire | None, names: SymbolTable) -> type | None:
    """Type of the value on `wire`; None when it is unknown."""
    if isinstance(wire, LiteralValue):
        return type(wire.value) if type(wire.value) in _LITERAL_TYPES else None
    if not isinstance(wire, RefUnion):
        return _type_of_ref(wire, names) if wire else None
    kinds = [_type_of_ref(ref, names) for ref in wire.refs]
    wholes = [kind for known in kinds if known for kind in (known, WIDER.get(known)) if kind and is_set(kind)]
    return next((whole for whole in wholes if all(kind and fits(kind, whole) for kind in kinds)), None)


def known_values(wire: Wire, names: SymbolTable) -> tuple[Any, ...] | None:
    """All values that `wire` can have; None when they are unknown before the run."""
    if isinstance(wire, LiteralValue):
        return (wire.value,)
    symbol = names.find(wire.name) if isinstance(wire, Ref) else None
    return symbol.values if symbol and not symbol.clashes else None


def _type_of_ref(ref: Ref, names: SymbolTable) -> type | None:
    symbol = names.find(ref.name)
    if symbol is None or symbol.clashes:
        return None
    kind = (symbol.ports or {}).get(ref.port or symbol.main or "") if symbol.kind == "node" else symbol.holds
    return SET_OF[kind] if ref.as_set and kind in SET_OF else kind


def _check_source(
    symbol: Symbol, port: str | None, *, location: Location, diagnostics: Diagnostics
) -> tuple[bool, type | None]:
    """Whether the source of a reference exists, and its type. Reports errors."""
    if symbol.kind != "node":
        if port is None:
            return True, symbol.holds
        article = "an" if symbol.kind == "input" else "a"
        diagnostics.error(
            "unknown-output",
            location,
            f"{symbol.name!r} is {article} {symbol.kind} and has no outputs",
            f"write ${symbol.name}",
        )
        return False, None
    if symbol.ports is None:
        return True, None
    if port is None and symbol.main is None:
        shown = ", ".join(f"${symbol.name}.{name}" for name in symbol.ports)
        diagnostics.error(
            "no-main-output", location, f"{symbol.name!r} is a loop, which has no main output", f"write one of: {shown}"
        )
        return False, None
    if port is not None and port not in symbol.ports:
        hint = suggest(port, symbol.ports, noun="outputs")
        diagnostics.error("unknown-output", location, f"{symbol.name!r} has no output {port!r}", hint)
        return False, None
    return True, symbol.ports[port or symbol.main or ""]


def fitting_output(symbol: Symbol, port: str | None, wanted: type) -> str:
    """Hint: another output of the same node that has the wanted type."""
    others = [name for name, kind in (symbol.ports or {}).items() if kind is not None and fits(kind, wanted) and name != port]
    return f"did you mean ${symbol.name}.{others[0]}?" if others else ""


def _union(yaml_value: YamlValue, target: Target, scope: GraphScope) -> RefUnion | None:
    """Connect a list of references as their union."""
    diagnostics, items = scope.diagnostics, yaml_value.value if isinstance(yaml_value.value, list) else []
    wrong = [item for item in items if not looks_like_reference(item.value)]
    for item in wrong:
        diagnostics.error(
            "mixed-list",
            item.location,
            "a list holds either references or values",
            "give the values a node or param of their own",
        )
    if target.type is not None and not is_set(target.type):
        message = f"a list of references is their union, but {target.label} needs {name_of(target.type)}"
        diagnostics.error("type-mismatch", yaml_value.location, message, "write one reference")
        return None
    inner = Target(target.label, None if target.type is list else target.type, optional=True)
    refs = [refer(item, inner, scope) for item in items if item not in wrong]
    found = tuple(ref for ref in refs if ref is not None)
    if len(found) < len(items):
        return None
    wire, kinds = RefUnion(found), [_type_of_ref(ref, scope.names) for ref in found]
    if target.type is MembersPort and all(kinds) and type_of_wire(wire, scope.names) is None:
        shown = ", ".join(f"{ref} is {name_of(kind)}" for ref, kind in zip(found, kinds, strict=True))
        message = f"{target.label} takes a set of one type, but {shown}"
        diagnostics.error("type-mismatch", yaml_value.location, message, "give each set a node of its own")
        return None
    return wire


def _literal_value(yaml_value: YamlValue, diagnostics: Diagnostics) -> Any:
    """The literal in `yaml_value`, with `$$` unescaped. A nested reference is an error: it would never be resolved."""
    if isinstance(yaml_value.value, dict):
        return {key: _literal_value(child, diagnostics) for key, child in yaml_value.value.items()}
    if isinstance(yaml_value.value, list):
        return [_literal_value(child, diagnostics) for child in yaml_value.value]
    if looks_like_reference(yaml_value.value):
        hint = "a reference stands alone after a key, or in a list of references"
        diagnostics.error("bad-reference", yaml_value.location, f"{yaml_value.value} can't stand inside another value", hint)
    return yaml_value.value[1:] if isinstance(yaml_value.value, str) and yaml_value.value.startswith("$$") else yaml_value.value
