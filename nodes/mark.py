"""mark: set a number on members of a set, such as visits or a priority.

A template gives the new value. Its variable `mark` holds the old one, which is 0 at first. A loop carries the members with
their marks, as a tree search carries its visits and sums, or ERM (Yan et al. 2025) its priorities. Marks are not identity: the
members stay the same prompts, examples or critiques.
"""

from __future__ import annotations

from pydantic import Field, field_validator

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node, number_of
from promptwire.stats.member_facts import MemberFacts, MemberInputs, facts_of
from promptwire.values import Model
from promptwire.values.members import Markable, chosen, key_of, marked, members_of
from promptwire.values.named import check_name

__all__ = ["Inputs", "Outputs", "Params", "Slots", "mark"]


class Inputs(MemberInputs):
    of: Markable
    """The set; its members can have marks."""
    only: Markable | None = None
    """The members to mark; all when not wired."""


class Params(Model):
    name: str = Field(min_length=1)
    """Name of the mark."""

    @field_validator("name")
    @classmethod
    def _readable(cls, name: str) -> str:
        return check_name(name)


class Slots(MemberFacts):
    mark: float
    """The value so far."""


class Outputs(Model):
    members: Markable
    """All members of the set, in order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All members."""
    return Bound({"members": sizes.of("of")})


@node(slots=Slots, renders=True, bound=bound, same="of")
async def mark(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Set a mark on the members of a set to the number from a template."""
    wanted = {key_of(member) for member in members_of(inputs.of if inputs.only is None else inputs.only)}
    facts = facts_of(inputs, context.round)
    made = []
    for one in facts:
        member = one["item"]
        if key_of(member) in wanted:
            texts = context.render(Slots(**one, mark=member.marks[params.name]))
            member = marked(member, {params.name: number_of(texts, context, f"member {one['number']}")})
        made.append(member)
    return Outputs(members=chosen(inputs.of, made))
