"""How large the values of a graph can become and how often its nodes ask, known before anything is asked.

A node type may say this beside its function: `@node(..., bound=...)` takes a pure function from `Sizes`, what its inputs can
hold, and its params to a `Bound`. Numbers are ranges: where both ends meet, the graph fixes the number; where not, replies
decide (texts that are equal or can't be read make sets smaller) and the upper end is the promise. A node type without one is
taken to give no more than nobody knows, and a plan names it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["NONE", "ONE", "UNKNOWN", "Bound", "Extent", "Sizes"]


@dataclass(frozen=True, slots=True)
class Extent:
    """A range of sizes: of Prompts, Examples, Critiques, Families and List the elements, of Scores the prompts, of Failures
    the groups, of History the entries.

    >>> Extent.exactly(4) + Extent(0, 2)
    Extent(least=4, most=6, inside=0)
    """

    least: float = 0
    """At least so many."""
    most: float = math.inf
    """At most so many; infinite when nobody knows."""
    inside: float = 0
    """Things in one element at most: of Scores the examples, of Failures the cases of a group."""

    @classmethod
    def exactly(cls, n: float) -> Extent:
        """Always `n`."""
        return cls(n, n)

    @property
    def exact(self) -> bool:
        """Whether it is always the same number."""
        return self.least == self.most

    def __add__(self, other: Extent) -> Extent:
        return Extent(self.least + other.least, self.most + other.most, max(self.inside, other.inside))

    def __mul__(self, other: Extent | float) -> Extent:
        by = other if isinstance(other, Extent) else Extent.exactly(other)
        return Extent(_product(self.least, by.least), _product(self.most, by.most), self.inside)

    def upto(self, n: float) -> Extent:
        """Not more than `n` of it."""
        return Extent(min(self.least, n), min(self.most, n), self.inside)

    def perhaps(self) -> Extent:
        """It, or less: replies decide."""
        return Extent(0, self.most, self.inside)

    def holding(self, inside: float) -> Extent:
        """It, with so many things in each element."""
        return Extent(self.least, self.most, inside)

    def hull(self, other: Extent) -> Extent:
        """One or the other."""
        return Extent(min(self.least, other.least), max(self.most, other.most), max(self.inside, other.inside))

    def joined(self, other: Extent) -> Extent:
        """Their union as sets: equal elements count once."""
        return Extent(max(self.least, other.least), self.most + other.most, max(self.inside, other.inside))


NONE = Extent.exactly(0)
ONE = Extent.exactly(1)
UNKNOWN = Extent(0, math.inf, math.inf)


def _product(left: float, right: float) -> float:
    return left * right if left and right else 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a node's inputs can hold."""

    ports: Mapping[str, Extent]
    """By port; an input that is not wired is absent."""
    answers: float = 1
    """Answers that one reply can hold at most: 1, or infinite when the template's parser takes all matches."""
    returned: Mapping[str, Extent] = field(default_factory=dict)
    """In later rounds of a loop, ports on which the node finds its own output of that name again: what there is beside it."""
    steady: frozenset[str] = frozenset()
    """In later rounds of a loop, ports that hold the same as in the round before."""

    def of(self, port: str) -> Extent:
        """What the port can hold; nothing when it is not wired."""
        return self.ports.get(port, NONE)

    def __contains__(self, port: str) -> bool:
        return port in self.ports


@dataclass(frozen=True, slots=True)
class Bound:
    """What one call of a node can come to."""

    outputs: Mapping[str, Extent] = field(default_factory=dict)
    """Size by output; one that is not named has a size nobody knows, or is no set."""
    asks: Extent = NONE
    """Replies that it asks for with its template."""
    scores: Extent = NONE
    """Pairs of prompt and example that it scores."""
    shown: Mapping[str, float] = field(default_factory=dict)
    """Elements in a slot of one request at most, where that is not all of the input of the same name."""
    converses: bool = False
    """Whether its requests go on with the conversations of the critiques that it is given."""
