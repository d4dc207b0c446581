"""take: the first or the last members of a set.

A beam of fixed width after `rank`, the newest entries of a history, one element of a list. The members stay as they are, so
that the lineage of prompts stays.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
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


class Outputs(Model):
    members: Members
    """The members taken."""
    rest: Members
    """The other members, in order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """`n` members, and the rest."""
    of = sizes.of("of")
    return Bound({"members": of.upto(params.n), "rest": of.above(params.n)})


@node(bound=bound, same="of")
async def take(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Take the first or the last `n` members of a set."""
    items = members_of(inputs.of)
    cut = min(params.n, len(items)) if params.from_ == "start" else max(0, len(items) - params.n)
    first, second = chosen(inputs.of, items[:cut]), chosen(inputs.of, items[cut:])
    return Outputs(members=first, rest=second) if params.from_ == "start" else Outputs(members=second, rest=first)
