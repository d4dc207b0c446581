"""union: join several sets of prompts, in the written order.

A list of references on a port is already a union. This node gives a union a name that several nodes can use.
"""

from __future__ import annotations

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Model, Prompts

__all__ = ["Inputs", "Outputs", "Params", "union"]


class Inputs(Model):
    prompts: Prompts
    """The sets, as a list of references; the first of equal prompts stays."""


class Params(Model):
    pass


class Outputs(Model):
    prompts: Prompts
    """The prompts of all sets."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """The prompts of all sets."""
    return Bound({"prompts": sizes.of("prompts")})


@node(bound=bound)
async def union(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Join sets of prompts."""
    return Outputs(prompts=inputs.prompts)
