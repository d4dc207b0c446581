"""minus: the members of a set that are not in another.

The part of a population that was not paired, the examples that no earlier batch showed. Two prompts are the same if their text,
demonstrations and companions are; lineage and marks do not count.
"""

from __future__ import annotations

import math

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.values import Members, Model
from promptwire.values.members import members_of, others

__all__ = ["Inputs", "Outputs", "Params", "minus"]


class Inputs(Model):
    of: Members
    """The set."""
    without: Members
    """The members to leave out; a set of the same type."""


class Params(Model):
    pass


class Outputs(Model):
    members: Members
    """The members of `of` that are not in `without`, in order."""
    common: Members
    """The members of `of` that are in both, in order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At most as many as there are; at least the difference."""
    of, without = sizes.of("of"), sizes.of("without")
    least = 0 if math.isinf(without.most) else max(0, of.least - without.most)
    return Bound({"members": Extent(least, of.most, of.inside), "common": of.upto(without.most).perhaps()})


@node(bound=bound, same="of")
async def minus(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Leave out the members that are in another set."""
    left = others(inputs.of, members_of(inputs.without))
    return Outputs(members=left, common=others(inputs.of, members_of(left)))
