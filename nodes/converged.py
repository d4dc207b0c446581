"""converged: tell whether a search has stopped improving.

A stop rule for `until:`. The papers stop after a fixed number of steps. OPRO's curves (Yang et al. 2023, figure 1) are flat
long before, and PE2's code stops at a perfect score.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from promptwire.bounds import ONE, Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import History, Model

__all__ = ["Inputs", "Outputs", "Params", "converged"]


class Inputs(Model):
    log: History
    """The history of the search."""


class Params(Model):
    patience: int = Field(default=50, ge=1)
    """Rounds without a better prompt after which the search ends."""
    better_by: float = Field(default=0.0, ge=0)
    """Smallest improvement that counts, in the metric's own unit."""
    perfect: float | Literal["metric"] | None = "metric"
    """Score at which the search ends at once: a number, `metric` for the metric's own perfect value where it has one, or null
    for none."""


class Outputs(Model):
    done: bool
    """Whether the search is over; never before anything was scored."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """No calls, one value."""
    return Bound({"done": ONE})


@node(bound=bound)
async def converged(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Tell whether the last `patience` rounds brought no better prompt."""
    best, since = None, 0
    for entry in sorted(inputs.log.entries, key=lambda entry: entry.round):
        if best is None or entry.score > best + params.better_by:
            best, since = entry.score, entry.round
    if best is None:
        return Outputs(done=False)
    stale = inputs.log.rounds - 1 - since >= params.patience
    perfect = inputs.log.perfect if params.perfect == "metric" else params.perfect
    return Outputs(done=stale or (perfect is not None and best >= perfect))
