"""What is known of values before a run: sizes in place of elements, and the names under which steps find them.

Where a value is itself known, a param or a loop variable, it stands beside its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from promptwire.bounds import NONE, ONE, UNKNOWN, Extent
from promptwire.graph.steps import LiteralValue, Ref, RefUnion, RepeatStep, Wire
from promptwire.values import Examples, Failures

__all__ = [
    "SizeScope",
    "SizedValue",
    "cover",
    "is_known",
    "known_value",
    "measure",
    "multiply",
    "size_up",
    "sum_extents",
    "take",
    "widen",
]

_UNSAID: Final = object()


@dataclass(frozen=True, slots=True)
class SizedValue:
    """What is known of a value before the run."""

    kind: type | None
    extent: Extent
    value: Any = _UNSAID
    """The value itself, of a param or a loop variable."""


@dataclass(slots=True)
class SizeScope:
    """Names in reach, with their ports; bodies see outwards."""

    found: dict[str, Mapping[str, SizedValue]]
    around: SizeScope | None = None
    again: RepeatStep | None = None
    """The loop that they are in, in all rounds but its first."""

    def look_up(self, ref: Ref) -> SizedValue:
        names: SizeScope | None = self
        while names is not None:
            if ref.name in names.found:
                ports = names.found[ref.name]
                return ports[ref.port] if ref.port else next(iter(ports.values()))
            names = names.around
        raise KeyError(str(ref))


def is_known(wire: Wire, names: SizeScope) -> bool:
    """Whether the value itself is known, and not its size alone."""
    return isinstance(wire, LiteralValue) or (isinstance(wire, Ref) and names.look_up(wire).value is not _UNSAID)


def known_value(wire: Wire, names: SizeScope) -> Any:
    """The value of a setting."""
    return wire.value if isinstance(wire, LiteralValue) else names.look_up(wire).value if isinstance(wire, Ref) else None


def take(value: Any) -> SizedValue:
    """A value that is known."""
    return SizedValue(type(value), Extent.exactly(len(value)) if isinstance(value, list | tuple) else ONE, value)


def size_up(wire: Wire, names: SizeScope) -> SizedValue:
    """What is known of the value on `wire`."""
    if isinstance(wire, Ref):
        return names.look_up(wire)
    return take(wire.value) if isinstance(wire, LiteralValue) else SizedValue(None, measure(wire, names, None))


def measure(wire: Wire, names: SizeScope, wanted: type | None) -> Extent:
    """The size of what is on `wire`, widened to the type `wanted`."""
    parts = [names.look_up(ref) for ref in wire.refs] if isinstance(wire, RefUnion) else [size_up(wire, names)]
    sizes = [_as_examples(part.extent) if part.kind is Failures and wanted is Examples else part.extent for part in parts]
    whole = sizes[0]
    for size in sizes[1:]:
        whole = whole.joined(size)
    return whole


def _as_examples(groups: Extent) -> Extent:
    """The examples of failures: one may be in several groups."""
    return Extent(min(1, groups.least), (groups * groups.inside).most if groups.inside else 0)


def multiply(part: Extent, over: Extent) -> Extent:
    """The joined outputs of so many elements: equal ones of different elements count once."""
    return Extent(part.least if over.least else 0, (part * over).most, part.inside)


def sum_extents(parts: list[Extent]) -> Extent:
    """The size of all `parts` as one set."""
    whole = NONE
    for part in parts:
        whole = whole.joined(part)
    return whole


def cover(first: Mapping[str, SizedValue], second: Mapping[str, SizedValue]) -> dict[str, SizedValue]:
    """What fits both, state by state."""
    return {name: SizedValue(known.kind, first[name].extent.hull(known.extent)) for name, known in second.items()}


def widen(now: SizedValue, before: SizedValue) -> SizedValue:
    """The state, and whatever it may still become if it goes on as it did."""
    if now.extent == before.extent:
        return now
    old, new = before.extent, now.extent
    least = new.least if new.least >= old.least else 0
    return SizedValue(
        now.kind, Extent(min(least, old.least), UNKNOWN.most if new.most > old.most else old.most, max(old.inside, new.inside))
    )
