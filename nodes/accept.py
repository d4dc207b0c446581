"""accept: replace a parent by its better child.

The gate of GEPA (Agrawal et al. 2025: strictly better on the same minibatch), the revert of TextGrad (Yuksekgonul et al.
2024) and the pairwise replacement of EvoPrompt's differential evolution (Guo et al. 2024, section 3.3). A child of several
parents may replace only the first of them. Parent and child are compared on the examples that both were scored on. Without such
examples the parent stays. It also stays where failed calls left less than half of the examples that both were asked. Such
children are counted. With a `temperature` a worse child is accepted by chance (simulated annealing; Metropolis et al. 1953).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.stats.ranking import merit
from promptwire.values import Model, Prompt, Prompts, Row, Scores
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "accept"]

_SAME = 1e-9
"""Differences below this come from the rounding of floats."""


class Inputs(Model):
    parents: Prompts
    """The prompts that may be replaced."""
    children: Prompts
    """The prompts that may replace them; those of other parents are left out."""
    scores: Scores
    """Scores of parents and children on the same examples."""
    temperature: float | None = Field(default=None, ge=0)
    """Above 0, the best child is also accepted when it falls short by d, with probability exp(-d / temperature)."""


class Params(Model):
    strict: bool = True
    """Whether a child with an equal score is refused."""
    margin: float = Field(default=0.0, ge=0)
    """By how much a child must be better than the parent, in the metric's own unit."""


class Outputs(Model):
    prompts: Prompts
    """Each parent, or the best child that replaced it, in the parents' order."""
    accepted: Prompts
    """The children that were accepted."""
    scores: Scores
    """The rows of `prompts` only, for the next round."""
    rest: Prompts
    """The children that were not accepted."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One prompt for each parent; an accepted child may be equal to another parent."""
    parents = sizes.of("parents")
    kept = Extent(min(1, parents.least), parents.most)
    return Bound(
        {
            "prompts": kept,
            "scores": kept.holding(sizes.of("scores").inside),
            "accepted": sizes.of("children").upto(parents.most).perhaps(),
            "rest": sizes.of("children").perhaps(),
        }
    )


@node(bound=bound, values=True)
async def accept(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Replace parents by their better children."""
    kept, accepted = [], []
    for parent in inputs.parents.items:
        rivals = [child for child in inputs.children.items if parent.id in child.parents[:1] and child.id != parent.id]
        best = _best(parent, rivals, inputs.scores, params, context)
        if best is parent and inputs.temperature:
            best = _cooled(parent, rivals, inputs, params, context)
        kept.append(best)
        if best is not parent:
            accepted.append(best)
    context.count("accepted", len(accepted))
    prompts = Prompts.of(kept)
    return Outputs(
        prompts=prompts,
        accepted=Prompts.of(accepted),
        scores=inputs.scores.only(prompts),
        rest=others(inputs.children, accepted),
    )


def _best(parent: Prompt, rivals: Sequence[Prompt], scores: Scores, params: Params, context: Context) -> Prompt:
    """The best of `rivals` that beats `parent`, or `parent`."""
    best = parent
    for child in rivals:
        first = best is parent
        lead = _lead(child, best, scores, params.margin if first else 0.0)
        if lead is None:
            context.count("children not compared")
        elif lead > 0 or (lead == 0 and first and not params.strict):
            best = child
    return best


def _cooled(parent: Prompt, rivals: Sequence[Prompt], inputs: Inputs, params: Params, context: Context) -> Prompt:
    """The best of `rivals` by chance, although it does not beat `parent`; else `parent`."""
    leads = {child.id: lead for child in rivals if (lead := _lead(child, parent, inputs.scores, params.margin)) is not None}
    if not leads:
        return parent
    child = max((one for one in rivals if one.id in leads), key=lambda one: leads[one.id])
    if context.rng("metropolis", parent.id).random() >= math.exp(leads[child.id] / (inputs.temperature or 1)):
        return parent
    context.count("accepted by chance")
    return child


def _lead(child: Prompt, other: Prompt, scores: Scores, margin: float) -> float | None:
    """By how much more than `margin` `child` is better than `other`; None when they share too few examples."""
    shared = _shared(child, other, scores)
    if shared is None:
        return None
    score, bar = (merit(rows, scores.metric)[1] for rows in shared)
    lead = score - bar - margin
    return 0.0 if margin and abs(lead) < _SAME else lead


def _shared(child: Prompt, other: Prompt, scores: Scores) -> tuple[list[Row], list[Row]] | None:
    """The rows of both on the examples that both were scored on; None when these are too few to compare them by."""
    mine = {row.example: row for row in scores.by_prompt.get(child.id, ())}
    theirs = {row.example: row for row in scores.by_prompt.get(other.id, ())}
    both = [example for example in mine if example in theirs]
    if not both or len(both) * 2 < len(scores.asked(child) & scores.asked(other)):
        return None
    return [mine[example] for example in both], [theirs[example] for example in both]
