"""accept: replace a parent by its better child.

The gate of GEPA (Agrawal et al. 2025: strictly better on the same minibatch), the revert of TextGrad (Yuksekgonul et al.
2024) and the pairwise replacement of EvoPrompt's differential evolution (Guo et al. 2024, section 3.3). A child of several
parents may replace only the first of them. Parent and child are compared on the examples that both were scored on. Without such
examples the parent stays. It also stays where failed calls left less than half of the examples that both were asked. Such
children are counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.stats.ranking import merit
from promptwire.values import Model, Prompt, Prompts, Row, Scores
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "accept"]


class Inputs(Model):
    parents: Prompts
    """The prompts that may be replaced."""
    children: Prompts
    """The prompts that may replace them; those of other parents are left out."""
    scores: Scores
    """Scores of parents and children on the same examples."""


class Params(Model):
    strict: bool = True
    """Whether a child with an equal score is refused."""


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
        best = parent
        for child in rivals:
            shared = _shared(child, best, inputs.scores)
            if not shared:
                context.count("children not compared")
            elif _better(*shared, inputs.scores.metric, strict=params.strict or best is not parent):
                best = child
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


def _shared(child: Prompt, other: Prompt, scores: Scores) -> tuple[list[Row], list[Row]] | None:
    """The rows of both on the examples that both were scored on; None when these are too few to compare them by."""
    mine = {row.example: row for row in scores.by_prompt.get(child.id, ())}
    theirs = {row.example: row for row in scores.by_prompt.get(other.id, ())}
    both = [example for example in mine if example in theirs]
    if not both or len(both) * 2 < len(scores.asked(child) & scores.asked(other)):
        return None
    return [mine[example] for example in both], [theirs[example] for example in both]


def _better(mine: Sequence[Row], theirs: Sequence[Row], metric: str, *, strict: bool) -> bool:
    """Whether the score of `mine` beats that of `theirs`."""
    score, bar = merit(mine, metric)[1], merit(theirs, metric)[1]
    return score > bar or (score == bar and not strict)
