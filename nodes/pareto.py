"""pareto: keep the Pareto front of prompts, or draw from it.

The best prompt on average leads a search into the first local optimum. GEPA (Agrawal et al. 2025, Algorithm 2) takes the
prompts that are best on some example. It leaves out a prompt that shares each of its wins with a better one. It draws a parent
with a chance in proportion to its wins. `by` names other objectives too: `[score, length]` keeps short prompts that are good
for their length. An example without a score counts as worse than any value. Under a metric
over all answers, such as macro-F1, the value of an example is that of its own answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.stats.prompt_score import score_of
from promptwire.stats.ranking import ranked
from promptwire.values import Model, Prompt, Prompts, Scores

__all__ = ["Inputs", "Outputs", "Params", "pareto"]

Objective = Literal["examples", "score", "length"]


class Inputs(Model):
    scores: Scores
    """Scores of the prompts."""
    prompts: Prompts | None = None
    """The prompts to choose from; those of `scores` when not wired."""


class Params(Model):
    by: tuple[Objective, ...] = Field(default=("examples",), min_length=1)
    """The objectives: the value on each of the `examples`, the `score`, the `length` in characters (less is better)."""
    draw: int | None = Field(default=None, ge=1)
    """Number of prompts to draw, in proportion to the examples they are best on; the whole front when not set."""


class Outputs(Model):
    prompts: Prompts
    """The front in the written order, or the drawn prompts; prompts without a score only when no prompt has one."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """At least one prompt, if any is given."""
    prompts = sizes.of("prompts") if "prompts" in sizes else sizes.of("scores")
    most = math.inf if params.draw is None else params.draw
    return Bound({"prompts": Extent(min(1, prompts.least), min(prompts.most, most))})


@node(bound=bound, values=True)
async def pareto(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep the prompts that no other prompt dominates."""
    scores = inputs.scores
    prompts = scores.prompts if inputs.prompts is None else inputs.prompts
    known = tuple(prompt for prompt in prompts.items if scores.fair(prompt))
    if not known:
        return Outputs(prompts=_some(prompts.items, dict.fromkeys((one.id for one in prompts.items), 1), params.draw, context))
    table = _table(known, scores)
    merits = [tuple(merit for name in params.by for merit in _merits(prompt, name, table, scores)) for prompt in known]
    front = tuple(
        prompt for prompt, mine in zip(known, merits, strict=True) if not any(_beats(other, mine) for other in merits)
    )
    return Outputs(prompts=_some(front, _wins(front, table, scores), params.draw, context))


Table = Mapping[str, Sequence[float]]
"""The values of each prompt id, example by example in one order."""


def _table(prompts: Sequence[Prompt], scores: Scores) -> Table:
    ids = {one.id for one in prompts}
    rows = {(row.prompt, row.example): row.value for row in scores.rows if row.prompt in ids}
    examples = list(dict.fromkeys(example for _, example in rows))
    return {one.id: tuple(rows.get((one.id, example), -math.inf) for example in examples) for one in prompts}


def _merits(prompt: Prompt, objective: Objective, table: Table, scores: Scores) -> Sequence[float]:
    """The values of `prompt` under one objective; larger is better."""
    if objective == "examples":
        return table[prompt.id]
    if objective == "score":
        return (score_of(prompt, scores) or 0.0,)
    return (-float(len(prompt.text) + sum(len(demo.text) + len(demo.output) for demo in prompt.demos)),)


def _beats(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether `one` dominates `other`: nowhere worse and somewhere better."""
    return one != other and all(mine >= theirs for mine, theirs in zip(one, other, strict=True))


def _wins(front: Sequence[Prompt], table: Table, scores: Scores) -> dict[str, int]:
    """On how many examples each is the best, ties included; the worst prompts without a win of their own are left out."""
    ids = [prompt.id for prompt in front]
    columns = [(column, max(column)) for column in zip(*(table[one] for one in ids), strict=True)]
    winners = [{one for one, value in zip(ids, column, strict=True) if value == top} for column, top in columns]
    for prompt in reversed(ranked(Prompts(items=tuple(front)), scores)):
        if all(len(best) > 1 for best in winners if prompt.id in best):
            for best in winners:
                best.discard(prompt.id)
    return {one: wins for one in ids if (wins := sum(one in best for best in winners))}


def _some(front: Sequence[Prompt], wins: Mapping[str, int], draw: int | None, context: Context) -> Prompts:
    """The front, or `draw` of those in `wins`."""
    if draw is None:
        return Prompts(items=tuple(front))
    rng = context.rng("draw")
    drawn: list[Prompt] = []
    left = [prompt for prompt in front if prompt.id in wins]
    while left and len(drawn) < draw:
        (place,) = rng.choices(range(len(left)), [wins[prompt.id] for prompt in left])
        drawn.append(left.pop(place))
    return Prompts(items=tuple(drawn))
