"""calculate: compute a number, a whole number and a yes or no in a template.

A pipeline has no expressions. Where a decision depends on a value, such as a share, a schedule or a die, a template writes one
number. `value` is the number, `whole` the nearest whole number, and `yes` whether it is above 0. It asks no model.
"""

from __future__ import annotations

import math

from promptwire.bounds import ONE, Bound, Sizes
from promptwire.node import Context, node, number_of
from promptwire.values import Model

__all__ = ["Inputs", "Outputs", "Params", "Slots", "calculate"]


class Inputs(Model):
    pass


class Params(Model):
    pass


class Slots(Model):
    pass


class Outputs(Model):
    value: float
    """The number."""
    whole: int
    """The nearest whole number; of two, the higher."""
    yes: bool
    """Whether the number is above 0; a template may also write True or False."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One number."""
    return Bound({"value": ONE, "whole": ONE, "yes": ONE})


@node(slots=Slots, renders=True, bound=bound)
async def calculate(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Compute the number that a template writes, from the variables under `with:`."""
    number = number_of(context.render(Slots()), context)
    return Outputs(value=number, whole=math.floor(number + 0.5), yes=number > 0)
