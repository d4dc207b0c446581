"""history-select: choose the best entries of a history and order them.

OPRO (Yang et al. 2023, section 4.2) shows its best 20 attempts worst first, because a model heeds the last ones most. It
rounds their scores to 100 levels. Among equal scores the one over more examples is better, then the older one. In every order
the older one stands first among equals.
"""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.values import Entry, History, Model, Prompts
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "history_select"]


class Inputs(Model):
    of: History
    """The history to choose from."""


class Params(Model):
    best: int | None = Field(default=None, ge=1)
    """Number of entries to choose; all when not set."""
    order: Literal["descending", "ascending", "written"] = "descending"
    """`descending`: best first; `ascending`: best last; `written`: oldest first."""
    threshold: float | None = None
    """Lowest score to choose, in the metric's own unit; the result may then be empty."""
    buckets: int | None = Field(default=None, ge=1)
    """Levels of the metric's scale that scores are rounded to; none when not set, or when the metric declares no scale."""


class Outputs(Model):
    history: History
    """The chosen entries in that order."""
    prompts: Prompts
    """Their prompts."""
    rest: History
    """The other entries, oldest first."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At most `best` entries; a threshold may leave none."""
    most = math.inf if params.best is None else params.best
    chosen, rest = sizes.of("of").upto(most), sizes.of("of").above(most)
    if params.threshold is not None:
        chosen, rest = chosen.perhaps(), Extent(rest.least, sizes.of("of").most)
    return Bound({"history": chosen, "prompts": chosen, "rest": rest})


@node(bound=bound)
async def history_select(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Choose entries of the history and order them."""
    log = inputs.of
    ages = {entry.prompt.id: age for age, entry in enumerate(log.entries)}
    # The exact scores decide: two entries on one level are not equally good.
    chosen = sorted(log.entries, key=lambda entry: (-entry.score, -entry.n, ages[entry.prompt.id]))[: params.best]
    chosen = [entry for entry in chosen if params.threshold is None or entry.score >= params.threshold]
    if params.order == "ascending":
        chosen = sorted(chosen, key=lambda entry: (entry.score, ages[entry.prompt.id]))
    elif params.order == "written":
        chosen = sorted(chosen, key=lambda entry: ages[entry.prompt.id])
    prompts = Prompts(items=tuple(entry.prompt for entry in chosen))
    entries = tuple(_levelled(entry, params.buckets, log.scale) for entry in chosen)
    return Outputs(history=log.model_copy(update={"entries": entries}), prompts=prompts, rest=others(log, chosen))


def _levelled(entry: Entry, buckets: int | None, scale: tuple[float, float] | None) -> Entry:
    """`entry` on the scale of its history, with its score as one of `buckets` levels of that scale."""
    if not buckets or scale is None or scale[0] == scale[1]:
        return entry.model_copy(update={"scale": scale})
    low, span = scale[0], scale[1] - scale[0]
    score = low + round((entry.score - low) / span * buckets) / buckets * span
    return entry.model_copy(update={"score": score, "scale": scale})
