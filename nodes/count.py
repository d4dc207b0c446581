"""count: the number of members of a set.

For a loop that ends, or a step that is run, depending on whether there are any.
"""

from __future__ import annotations

from promptwire.bounds import ONE, Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Members, Model
from promptwire.values.members import members_of

__all__ = ["Inputs", "Outputs", "Params", "count"]


class Inputs(Model):
    of: Members
    """The set."""


class Params(Model):
    pass


class Outputs(Model):
    n: int
    """Number of members."""
    some: bool
    """Whether there is at least one."""
    none: bool
    """Whether there is none."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """Three single values."""
    return Bound({"n": ONE, "some": ONE, "none": ONE})


@node(bound=bound, same="of")
async def count(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Count the members of a set."""
    n = len(members_of(inputs.of))
    return Outputs(n=n, some=n > 0, none=n == 0)
