"""Sizes of values before a run, and the scopes in which steps look them up.

The value itself is stored beside its size when it is known, as for a param or a loop variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from promptwire.bounds import NONE, ONE, UNKNOWN, Extent
from promptwire.graph.steps import LiteralValue, Ref, RefUnion, RepeatStep, Wire
from promptwire.values import Examples, Failures

__all__ = [
    "Alternative",
    "SizeScope",
    "SizedValue",
    "cover",
    "from_value",
    "is_known",
    "known_value",
    "measure",
    "multiply",
    "size_up",
    "sum_extents",
    "widen",
]

_UNKNOWN_VALUE: Final = object()


@dataclass(frozen=True, slots=True)
class Alternative:
    """A value that is empty unless a condition holds."""

    key: tuple[str, ...]
    """What the condition reads."""
    wanted: bool
    """Whether it must be true."""
    extent: Extent
    """Size when the condition holds."""


@dataclass(frozen=True, slots=True)
class SizedValue:
    """Type, size and, when known, value of a wire before the run."""

    kind: type | None
    extent: Extent
    value: Any = _UNKNOWN_VALUE
    """The value itself, for a param or a loop variable."""
    only: Alternative | None = None
    """Its condition, if its step has one."""


@dataclass(slots=True)
class SizeScope:
    """Names that steps can refer to, with their ports. A body also sees the enclosing scope."""

    found: dict[str, Mapping[str, SizedValue]]
    around: SizeScope | None = None
    again: RepeatStep | None = None
    """The enclosing loop, in all rounds but the first."""

    def look_up(self, ref: Ref) -> SizedValue:
        """The value of `ref` in this scope or an enclosing one. Raises KeyError for an unknown name."""
        scope: SizeScope | None = self
        while scope is not None:
            if ref.name in scope.found:
                ports = scope.found[ref.name]
                return ports[ref.port] if ref.port else next(iter(ports.values()))
            scope = scope.around
        raise KeyError(str(ref))


def is_known(wire: Wire, scope: SizeScope) -> bool:
    """Whether the value itself is known, besides its size."""
    return isinstance(wire, LiteralValue) or (isinstance(wire, Ref) and scope.look_up(wire).value is not _UNKNOWN_VALUE)


def known_value(wire: Wire, scope: SizeScope) -> Any:
    """The value on the wire of a setting; None for a union."""
    if isinstance(wire, LiteralValue):
        return wire.value
    return scope.look_up(wire).value if isinstance(wire, Ref) else None


def from_value(value: Any) -> SizedValue:
    """Size of a known value, with the value."""
    return SizedValue(type(value), Extent.exactly(len(value)) if isinstance(value, list | tuple) else ONE, value)


def size_up(wire: Wire, scope: SizeScope) -> SizedValue:
    """Size of the value on `wire`, with type and value when known."""
    if isinstance(wire, Ref):
        return scope.look_up(wire)
    return from_value(wire.value) if isinstance(wire, LiteralValue) else SizedValue(None, measure(wire, scope, None))


def measure(wire: Wire, scope: SizeScope, wanted: type | None) -> Extent:
    """Size of the value on `wire`, widened to the type `wanted`."""
    parts = [scope.look_up(ref) for ref in wire.refs] if isinstance(wire, RefUnion) else [size_up(wire, scope)]
    as_examples = wanted is Examples
    sizes = [_as_examples(part.extent) if part.kind is Failures and as_examples else part.extent for part in parts]
    whole = reduce(Extent.joined, sizes)
    sides = _sides(parts)
    if sides is None or as_examples:
        return whole
    # One of the two sides is empty, so the larger one is all that the union can hold of them.
    others = [part.extent for part in parts if part.only is None]
    return reduce(Extent.joined, others, sides[0].hull(sides[1]))


def _sides(parts: Sequence[SizedValue]) -> tuple[Extent, Extent] | None:
    """Sizes of the parts on each side of one condition; None when the parts do not have one condition with both sides."""
    gated = [part.only for part in parts if part.only is not None]
    if len({one.key for one in gated}) != 1 or len({one.wanted for one in gated}) != 2:
        return None
    no, yes = (reduce(Extent.joined, [one.extent for one in gated if one.wanted == side]) for side in (False, True))
    return no, yes


def _as_examples(groups: Extent) -> Extent:
    """Number of examples in failure groups. One example may be in several groups."""
    return Extent(min(1, groups.least), (groups * groups.inside).most if groups.inside else 0)


def multiply(part: Extent, over: Extent) -> Extent:
    """Size of the joined outputs of `over` elements. Outputs that are equal count once."""
    return Extent(part.least if over.least else 0, (part * over).most, part.inside)


def sum_extents(parts: list[Extent]) -> Extent:
    """Size of all `parts` joined as one set."""
    whole = NONE
    for part in parts:
        whole = whole.joined(part)
    return whole


def cover(first: Mapping[str, SizedValue], second: Mapping[str, SizedValue]) -> dict[str, SizedValue]:
    """Smallest sizes that cover both, state by state."""
    return {name: SizedValue(known.kind, first[name].extent.hull(known.extent)) for name, known in second.items()}


def widen(now: SizedValue, before: SizedValue) -> SizedValue:
    """Size of a state that keeps changing as it did, for any number of further rounds."""
    if now.extent == before.extent:
        return now
    old, new = before.extent, now.extent
    least = new.least if new.least >= old.least else 0
    return SizedValue(
        now.kind, Extent(min(least, old.least), UNKNOWN.most if new.most > old.most else old.most, max(old.inside, new.inside))
    )
