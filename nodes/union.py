"""union: several sets of prompts as one, in the written order.

A list of references on a port is a union already; this node gives one a name, for when several nodes need it.
"""

from __future__ import annotations

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Model, Prompts

__all__ = ["Inputs", "Outputs", "Params", "union"]


class Inputs(Model):
    prompts: Prompts
    """The sets, as a list of references; of equal prompts the first stays."""


class Params(Model):
    pass


class Outputs(Model):
    prompts: Prompts
    """All of them."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All of them."""
    return Bound({"prompts": sizes.of("prompts")})


@node(bound=bound)
async def union(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Join sets of prompts."""
    return Outputs(prompts=inputs.prompts)
