"""filter-subset: keep the best prompts, scored on growing subsets of examples.

APE's adaptive filter (Zhou et al. 2023, section 3.2). Score all candidates on a small subset and drop the worst. Score the rest
on a new, non-overlapping subset and update their means. Repeat until few are left, and score those on all examples. The paper
leaves sizes and threshold open, and its repository has no such filter: here each stage keeps a share, and its subset grows by a
factor. All candidates of a stage see the same examples, as a comparison needs; the repository draws anew for each.
"""

from __future__ import annotations

import math

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.errors import NodeError
from promptwire.node import Context, node
from promptwire.stats.ranking import ranked
from promptwire.values import Example, Examples, Model, Prompts, Scores
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "filter_subset"]


class Inputs(Model):
    prompts: Prompts
    """The candidates."""
    on: Examples
    """The examples to draw the subsets from."""


class Params(Model):
    first: int = Field(default=10, ge=1)
    """Examples of the first stage."""
    growth: float = Field(default=2.0, ge=1)
    """Factor by which the subset grows from stage to stage."""
    keep: float = Field(default=0.5, gt=0, lt=1)
    """Share of the candidates that each stage keeps, rounded up."""
    until: int = Field(default=4, ge=1)
    """Number of candidates at which the stages end."""
    full: bool = True
    """Whether the survivors are then scored on all examples that no stage has used."""


class Outputs(Model):
    prompts: Prompts
    """The survivors, best first."""
    scores: Scores
    """All rows of all stages, for all candidates."""
    rest: Prompts
    """The other candidates, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All stages; more candidates and more examples never cost less."""
    prompts, examples = sizes.of("prompts"), sizes.of("on")
    pairs = Extent(_pairs(prompts.least, examples.least, params), _pairs(prompts.most, examples.most, params))
    outputs = {
        "prompts": prompts.upto(params.until),
        "scores": prompts.holding(examples.most),
        "rest": prompts.above(params.until),
    }
    return Bound(outputs, scores=pairs)


def _pairs(prompts: float, examples: float, params: Params) -> float:
    """Pairs that the stages score with so many candidates and examples."""
    if not prompts or not examples:
        return 0
    if math.isinf(prompts) or math.isinf(examples):
        return math.inf
    alive, rest, size, pairs = int(prompts), int(examples), params.first, 0
    while alive > params.until and rest:
        stage = min(size, rest)
        pairs, rest = pairs + alive * stage, rest - stage
        alive, size = _left(alive, params), math.ceil(size * params.growth)
    return pairs + (alive * rest if params.full else 0)


def _left(alive: int, params: Params) -> int:
    """How many of `alive` candidates a stage leaves; at least one goes, even where the share rounds up to all."""
    return min(max(params.until, math.ceil(alive * params.keep)), alive - 1)


@node(scores=True, bound=bound, values=True)
async def filter_subset(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep the best `until` candidates, in stages of growing, disjoint subsets."""
    alive = inputs.prompts
    if len(alive) and not len(inputs.on):
        raise NodeError("there are no examples to score on", where=context.path, hint="`on` is an empty set: check the data")
    rest = list(inputs.on.items)
    context.rng("order").shuffle(rest)
    scores, size = Scores(prompts=alive, examples=inputs.on), params.first
    while len(alive) > params.until and rest:
        stage, rest = rest[:size], rest[size:]
        scores = await _scored(scores, alive, stage, context)
        alive = Prompts(items=ranked(alive, scores)[: _left(len(alive), params)])
        size = math.ceil(size * params.growth)
    if rest and params.full:
        scores = await _scored(scores, alive, rest, context)
    best = ranked(alive, scores)[: params.until]
    return Outputs(prompts=Prompts(items=best), scores=scores, rest=others(inputs.prompts, best))


async def _scored(scores: Scores, prompts: Prompts, examples: list[Example], context: Context) -> Scores:
    """`scores` with those of `prompts` on `examples`.

    Outside loops, a budget that runs out leaves the rows so far; a loop falls back to its last complete round. After the first
    stage, a stage that broke off decides nothing: a mean over a few easy examples is not a better one. In the first stage, a
    prompt scored on less than half of the subset counts as not scored.
    """
    new = await context.score(prompts, Examples(items=tuple(examples)), partial=not context.round)
    rows = new.rows
    broken = {prompt for prompt, found in new.by_prompt.items() if len(found) * 2 < len(examples)}
    if broken:
        context.count("stages broken off")
        rows = () if scores.rows else tuple(row for row in rows if row.prompt not in broken)
    missing = tuple(pair for pair in new.missing if rows and pair[0] not in broken)
    counted = new.model_copy(update={"rows": rows, "missing": missing})
    return scores.merge(counted)
