"""Bounds on the sizes of values and on the calls of nodes, known before a run.

A node type may give a bound beside its function: `@node(..., bound=...)`. The bound is a pure function from `Sizes`, the
sizes of its inputs, and its params to a `Bound`. Numbers are ranges. Where both ends are equal, the graph fixes the number.
Otherwise it depends on replies, since equal or unreadable texts make sets smaller, and the upper end holds. A node type
without a bound has unknown sizes, and a plan names it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["NONE", "ONE", "UNKNOWN", "Bound", "BoundWarning", "Extent", "Sizes"]


@dataclass(frozen=True, slots=True)
class Extent:
    """A range of sizes of a value.

    The size is the number of elements for Prompts, Examples, Critiques, Families and List; of prompts for Scores; of groups for
    Failures; of entries for History.

    >>> Extent.exactly(4) + Extent(0, 2)
    Extent(least=4, most=6, inside=0)
    """

    least: float = 0
    """Lower end."""
    most: float = math.inf
    """Upper end; infinite when it is not known."""
    inside: float = 0
    """Most parts of one element: examples for Scores, cases of a group for Failures."""

    @classmethod
    def exactly(cls, n: float) -> Extent:
        """The range from `n` to `n`."""
        return cls(n, n)

    @property
    def exact(self) -> bool:
        """Whether both ends are equal."""
        return self.least == self.most

    def __add__(self, other: Extent) -> Extent:
        return Extent(self.least + other.least, self.most + other.most, max(self.inside, other.inside))

    def __mul__(self, other: Extent | float) -> Extent:
        by = other if isinstance(other, Extent) else Extent.exactly(other)
        return Extent(_product(self.least, by.least), _product(self.most, by.most), self.inside)

    def upto(self, n: float) -> Extent:
        """The range cut off at `n`."""
        return Extent(min(self.least, n), min(self.most, n), self.inside)

    def above(self, n: float) -> Extent:
        """The range of what is left when up to `n` are taken away.

        >>> Extent(2, 9).above(4)
        Extent(least=0, most=5, inside=0)
        """
        return Extent(max(0, self.least - n), max(0, self.most - n), self.inside)

    def perhaps(self) -> Extent:
        """The range from 0 to the same upper end, for a number that depends on replies."""
        return Extent(0, self.most, self.inside)

    def holding(self, inside: float) -> Extent:
        """The range with `inside` parts in each element."""
        return Extent(self.least, self.most, inside)

    def hull(self, other: Extent) -> Extent:
        """The smallest range that holds both."""
        return Extent(min(self.least, other.least), max(self.most, other.most), max(self.inside, other.inside))

    def joined(self, other: Extent) -> Extent:
        """The range of the union of two sets: equal elements count once."""
        return Extent(max(self.least, other.least), self.most + other.most, max(self.inside, other.inside))


NONE = Extent.exactly(0)
ONE = Extent.exactly(1)
UNKNOWN = Extent(0, math.inf, math.inf)


def _product(left: float, right: float) -> float:
    return left * right if left and right else 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of a node's inputs."""

    ports: Mapping[str, Extent]
    """Sizes by port, without inputs that are not wired."""
    answers: float = 1
    """Most answers of one reply: 1, or infinite when the template's parser takes all matches."""
    returned: Mapping[str, Extent] = field(default_factory=dict)
    """In later rounds of a loop: ports that get the node's own output of that name, with the size of the rest."""
    steady: frozenset[str] = frozenset()
    """In later rounds of a loop: ports with the same value as in the round before."""

    def of(self, port: str) -> Extent:
        """Size of the port; 0 when it is not wired."""
        return self.ports.get(port, NONE)

    def __contains__(self, port: str) -> bool:
        return port in self.ports


class BoundWarning(NamedTuple):
    """A warning that follows from the sizes and params of a node."""

    code: str
    """Short name of the kind of warning."""
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Bound:
    """Outputs and model calls of one call of a node."""

    outputs: Mapping[str, Extent] = field(default_factory=dict)
    """Size by output; an output that is not named has an unknown size, or is not a set."""
    asks: Extent = NONE
    """Model calls with its template."""
    scores: Extent = NONE
    """Answers that it scores: one per pair of prompt and example, or several."""
    shown: Mapping[str, float] = field(default_factory=dict)
    """Most elements in a slot of one request, if fewer than in the input of the same name."""
    converses: bool = False
    """Whether its requests continue the conversations of the critiques in its inputs."""
    warnings: tuple[BoundWarning, ...] = ()
    """What a user should know of these sizes and params before a run."""
