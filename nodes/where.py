"""where: the members of a set for which a template says yes.

The template writes `True` or `False`, or a number, which is a yes above 0. The members stay as they are, so that lineage and
marks stay.
"""

from __future__ import annotations

from itertools import accumulate

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node, number_of
from promptwire.stats.member_facts import MemberFacts, MemberInputs, facts_of
from promptwire.values import Members, Model
from promptwire.values.members import chosen, members_of

__all__ = ["Inputs", "Outputs", "Params", "Slots", "where"]


class Inputs(MemberInputs):
    pass


class Params(Model):
    most: int | None = Field(default=None, ge=0)
    """Most members to choose, the first in order; no limit when not set. A plan then counts no more for what follows."""


class Slots(MemberFacts):
    pass


class Outputs(Model):
    members: Members
    """The members with a yes, in order; with `most` the first of them."""
    rest: Members
    """The other members, in order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All members at most, on either side; `most` of them are chosen at most."""
    some = sizes.of("of").perhaps()
    return Bound({"members": some if params.most is None else some.upto(params.most), "rest": some})


@node(slots=Slots, renders=True, bound=bound, same="of")
async def where(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Choose the members of a set for which a template says yes."""
    facts = facts_of(inputs, context.round)
    yes = [number_of(context.render(Slots(**one)), context, f"member {one['number']}") > 0 for one in facts]
    if params.most is not None:
        yes = [holds and before < params.most for holds, before in zip(yes, accumulate(yes, initial=0), strict=False)]
    both = list(zip(members_of(inputs.of), yes, strict=True))
    return Outputs(
        members=chosen(inputs.of, [member for member, holds in both if holds]),
        rest=chosen(inputs.of, [member for member, holds in both if not holds]),
    )
