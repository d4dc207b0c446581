"""Wires of a checked graph: references, their unions, literal values, and conditions of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from promptwire.errors import Location

__all__ = ["MOST_KNOWN_ROUNDS", "ROUND", "Condition", "Gate", "LiteralValue", "Ref", "RefUnion", "Wire", "refs_of"]

NOWHERE = Location("")
ROUND: Final = "round"
"""Name of the number of a loop's round, from 1."""
MOST_KNOWN_ROUNDS: Final = 500
"""Most rounds of a loop in which the number of the round is known before the run, so that it can be a setting."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference `$name` or `$name.port` to an input, param, loop variable, state or output."""

    name: str
    port: str | None = None
    """None means the main output."""
    location: Location = NOWHERE
    as_set: bool = False
    """Whether it reads the set of one value, or of none: the step of a single value may not be run."""

    def __str__(self) -> str:
        return f"${self.name}" + (f".{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class RefUnion:
    """A list of references: their union in the written order."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class LiteralValue:
    """A value written in the file."""

    value: Any


Wire = Ref | RefUnion | LiteralValue


def refs_of(wire: Wire | None) -> tuple[Ref, ...]:
    """The references on a wire; none on a literal value."""
    if isinstance(wire, RefUnion):
        return wire.refs
    return (wire,) if isinstance(wire, Ref) else ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a step: `when:` or `unless:`."""

    refs: tuple[Ref, ...]
    """Values of which one must count as true: a Bool itself, a set when it is not empty."""
    wanted: bool
    """True for `when`, false for `unless`."""
    key: tuple[str, ...]
    """What it reads. `when` and `unless` of the same key exclude each other."""

    def __str__(self) -> str:
        refs = ", ".join(map(str, self.refs))
        return f"{'when' if self.wanted else 'unless'} {refs if len(self.refs) == 1 else f'[{refs}]'}"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a step depends on to be run, and the types of the empty outputs that it gives otherwise."""

    conditions: tuple[Condition, ...]
    """All of them must hold."""
    outputs: Mapping[str, type]
    """Python type of each output."""

    def __str__(self) -> str:
        return ", ".join(map(str, self.conditions))
