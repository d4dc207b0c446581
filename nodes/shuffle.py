"""shuffle: the members of a set in a drawn order.

A list of candidates whose order must tell a model nothing, as in PromptBreeder's estimation of distribution (Fernando et al.
2023), or a random choice, with `take` behind it. The order depends on the run's seed, the step and the round.
"""

from __future__ import annotations

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Members, Model
from promptwire.values.members import chosen, members_of

__all__ = ["Inputs", "Outputs", "Params", "shuffle"]


class Inputs(Model):
    of: Members
    """The set."""


class Params(Model):
    steady: bool = False
    """Whether the order is the same in all rounds of a loop."""


class Outputs(Model):
    members: Members
    """All members, in the drawn order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All members."""
    return Bound({"members": sizes.of("of")})


@node(bound=bound, same="of")
async def shuffle(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Put the members of a set into a drawn order."""
    items = members_of(inputs.of)
    return Outputs(members=chosen(inputs.of, context.rng("shuffle", steady=params.steady).sample(items, len(items))))
