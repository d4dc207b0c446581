"""take: the first or the last members of a set, or those at a place.

A beam of fixed width after `rank`, the newest entries of a history, the member at the place of a round. The members stay as
they are, so that the lineage of prompts stays.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.values import Members, Model
from promptwire.values.members import chosen, members_of

__all__ = ["Inputs", "Outputs", "Params", "take"]


class Inputs(Model):
    of: Members
    """The set."""


class Params(Model):
    n: int = Field(default=1, ge=0)
    """How many to take; all when the set has fewer."""
    from_: Literal["start", "end"] = "start"
    """Whether they are the first or the last; they keep their order."""
    at: int = Field(default=1, ge=1)
    """Place of the first one taken, counted from 1 at that side; with `n: 1` the member at this place. None beyond the end."""


class Outputs(Model):
    members: Members
    """The members taken."""
    rest: Members
    """The other members, in order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """`n` members, and the rest."""
    of = sizes.of("of")
    taken = of.above(params.at - 1).upto(params.n)
    rest = Extent(of.least - taken.least, of.most - taken.most, of.inside)
    return Bound({"members": taken, "rest": rest})


@node(bound=bound, same="of")
async def take(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Take `n` members of a set: the first, the last, or those at a place."""
    items = members_of(inputs.of)
    near = min(params.at - 1, len(items))
    far = min(near + params.n, len(items))
    low, high = (near, far) if params.from_ == "start" else (len(items) - far, len(items) - near)
    return Outputs(members=chosen(inputs.of, items[low:high]), rest=chosen(inputs.of, [*items[:low], *items[high:]]))
