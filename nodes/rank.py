"""rank: order the members of a set by a number that a template gives for each.

Weighted sums of score and length, the upper bound of a tree search, priorities with forgetting. A `temperature` draws by
softmax in place of the plain order, as ERM (Yan et al. 2025) draws its feedback. The members stay as they are, so that lineage
and marks stay. Equal numbers keep the written order. The template must give a finite number for every member.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node, number_of
from promptwire.stats.member_facts import MemberFacts, MemberInputs, facts_of
from promptwire.values import Members, Model
from promptwire.values.members import chosen, members_of

__all__ = ["Inputs", "Outputs", "Params", "Slots", "rank"]


class Inputs(MemberInputs):
    pass


class Params(Model):
    keep: int | None = Field(default=None, ge=0)
    """How many to keep; all when not set."""
    order: Literal["descending", "ascending"] = "descending"
    """Whether the highest or the lowest number comes first."""
    least: float | None = None
    """Lowest number to keep."""
    temperature: float | None = Field(default=None, gt=0)
    """Draw one member after the other with chances in proportion to exp(number / temperature); with `ascending`, the number
    counts as negative."""


class Slots(MemberFacts):
    pass


class Outputs(Model):
    members: Members
    """The members kept, first in order first."""
    rest: Members
    """The other members, in the same order."""
    values: tuple[float, ...]
    """The numbers of `members`."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At most `keep` members; `least` may leave none."""
    of, most = sizes.of("of"), math.inf if params.keep is None else params.keep
    kept, rest = of.upto(most), of.above(most) if params.keep is not None else Extent(0, 0, of.inside)
    if params.least is not None:
        kept, rest = kept.perhaps(), Extent(rest.least, of.most, of.inside)
    return Bound({"members": kept, "rest": rest, "values": Extent(kept.least, kept.most)})


@node(slots=Slots, renders=True, bound=bound, same="of")
async def rank(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Order the members of a set by a number from a template."""
    facts = facts_of(inputs, context.round)
    numbers = [number_of(context.render(Slots(**one)), context, f"member {one['number']}") for one in facts]
    places = _ordered(numbers, params, context)
    high = [place for place in places if params.least is None or numbers[place] >= params.least][: params.keep]
    items = members_of(inputs.of)
    return Outputs(
        members=chosen(inputs.of, [items[place] for place in high]),
        rest=chosen(inputs.of, [items[place] for place in places if place not in set(high)]),
        values=tuple(numbers[place] for place in high),
    )


def _ordered(numbers: Sequence[float], params: Params, context: Context) -> list[int]:
    """The places of `numbers`, first in order first."""
    sign = -1.0 if params.order == "ascending" else 1.0
    keys = [sign * number for number in numbers]
    if params.temperature is not None:
        # Gumbel noise: the order of the sums is that of draws without replacement by softmax.
        rng = context.rng("rank")
        noise = [-math.log(-math.log(rng.random() or 5e-324)) for _ in keys]
        keys = [key / params.temperature + more for key, more in zip(keys, noise, strict=True)]
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=True)
