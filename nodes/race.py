"""race: score prompts block by block, and drop those that are significantly worse.

The selection of CAPO (Zehle et al. 2025). All prompts are scored on the same block. A prompt is dropped when at least `keep`
others beat it by a one-sided paired t-test. This repeats, block by block, until `keep` prompts are left or all blocks are run.
For a metric over all answers, such as macro-F1, the test takes what each example contributes to the score, its jackknife
pseudo-value. The blocks are cut from one shuffled order, the same in all races of a run: data sorted by class would give blocks
of one class. Length costs: a prompt as long as the longest initial one loses `penalty`, a share of the metric's scale. Rows of
earlier races are not asked again. The authors' code may run one block more than it is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.errors import NodeError
from promptwire.node import Context, node
from promptwire.stats.paired_test import chance
from promptwire.stats.prompt_score import contributions, score_of, score_scale
from promptwire.values import Example, Examples, Model, Prompt, Prompts, Scores

__all__ = ["Inputs", "Outputs", "Params", "race"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to race."""
    on: Examples
    """The examples, in blocks of one drawn order: the same blocks in every race of a run."""
    scores: Scores | None = None
    """Rows that are known already."""
    first: Prompts | None = None
    """The initial prompts; lengths are relative to the longest. `prompts` when not wired."""


class Params(Model):
    keep: int = Field(default=10, ge=1)
    """Most prompts that reach the end."""
    block: int = Field(default=30, ge=2)
    """Examples in a block."""
    blocks: int = Field(default=10, ge=1)
    """Most blocks of a race."""
    alpha: float = Field(default=0.2, gt=0, lt=1)
    """Level of the test, not corrected for many tests; a larger one drops prompts sooner."""
    penalty: float = Field(default=0.05, ge=0)
    """Share of the metric's scale (of 1 where it is unknown) that a prompt as long as the longest initial one loses. Length is
    in words, demonstrations included."""
    shuffle: bool = False
    """Whether each race takes the blocks in its own order; otherwise all races begin with the same ones."""


class Outputs(Model):
    prompts: Prompts
    """The prompts that reached the end, best first by the score over all their rows, less the penalty."""
    scores: Scores
    """Their rows, known ones included, without penalty, for the next round."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """All prompts on one block at least, on all blocks at most; none when there are no more than are kept.

    In a loop that carries prompts and rows, each prompt is counted once, on all blocks, in the round in which it enters. So a
    whole search has a bound, although a single round has none.
    """
    prompts, on = sizes.of("prompts"), sizes.of("on")
    ran = min(on.most, params.block * params.blocks)
    least = prompts.least * min(on.least, params.block) if prompts.least > params.keep and "scores" not in sizes else 0
    coming = sizes.returned["prompts"] if _carried(sizes) and (not params.shuffle or ran == on.most) else prompts
    most = (coming * ran).most if prompts.most > params.keep or "scores" in sizes else 0
    kept = prompts.upto(params.keep)
    inside = max(sizes.of("scores").inside, ran)
    return Bound({"prompts": kept, "scores": kept.holding(inside)}, scores=Extent(least, most))


def _carried(sizes: Sizes) -> bool:
    """Whether the prompts of the last round return with all their rows, for the same examples."""
    rows = sizes.returned.get("scores")
    return rows is not None and not rows.most and "prompts" in sizes.returned and "on" in sizes.steady


@node(scores=True, bound=bound, values=True)
async def race(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Race prompts over blocks of examples."""
    if len(inputs.prompts) > params.keep and not len(inputs.on):
        raise NodeError("there are no examples to race over", where=context.path, hint="`on` is an empty set: check the data")
    prices = _prices(inputs, params)
    known = inputs.scores or Scores()
    alive, track = list(inputs.prompts.items), list[str]()
    for block in _blocks(inputs.on, params, context):
        if len(alive) <= params.keep:
            break
        known, whole = await _run(alive, block, known, context)
        if not whole:
            context.count("blocks broken off")
            break
        track += [example.id for example in block]
        alive = _left(alive, _lanes(alive, known, track, prices), params, len(track))
        context.count("blocks")
    unit = _unit(known)
    found = {
        prompt.id: (score - unit * prices[prompt.id]) if (score := score_of(prompt, known)) is not None else float("-inf")
        for prompt in alive
    }
    best = Prompts(items=tuple(sorted(alive, key=lambda prompt: found[prompt.id], reverse=True)[: params.keep]))
    return Outputs(prompts=best, scores=known.only(best))


def _prices(inputs: Inputs, params: Params) -> dict[str, float]:
    """The penalty for each prompt's length, by id, on a scale of 1."""
    first = inputs.first or inputs.prompts
    longest = max((_words(prompt) for prompt in first.items), default=0) or 1
    return {prompt.id: params.penalty * _words(prompt) / longest for prompt in inputs.prompts.items}


def _unit(known: Scores) -> float:
    """The length of the scores' scale; 1 where it is not known."""
    scale = score_scale(known)
    return 1.0 if scale is None else scale[1] - scale[0]


def _words(prompt: Prompt) -> int:
    shown = [text for demo in prompt.demos for text in (demo.text, demo.output)]
    return sum(len(text.split()) for text in (prompt.text, *shown))


def _blocks(on: Examples, params: Params, context: Context) -> list[Sequence[Example]]:
    order = context.rng("race", shared=True).sample(on.items, len(on))
    blocks: list[Sequence[Example]] = [order[start : start + params.block] for start in range(0, len(on), params.block)]
    if params.shuffle:
        context.rng("blocks").shuffle(blocks)
    return blocks[: params.blocks]


async def _run(alive: Sequence[Prompt], block: Sequence[Example], known: Scores, context: Context) -> tuple[Scores, bool]:
    """`known` with the rows of `alive` on `block`, and whether there are enough of them for a test."""
    there = {(row.prompt, row.example) for row in known.rows}
    groups: dict[tuple[str, ...], list[Prompt]] = {}
    for prompt in alive:
        lacking = tuple(example.id for example in block if (prompt.id, example.id) not in there)
        if lacking:
            groups.setdefault(lacking, []).append(prompt)
    examples = {example.id: example for example in block}
    jobs = [
        context.score(
            Prompts(items=tuple(some)), Examples(items=tuple(examples[one] for one in lacking)), partial=not context.round
        )
        for lacking, some in groups.items()
    ]
    whole = True
    for found, (lacking, some) in zip(await context.gather(jobs), groups.items(), strict=True):
        whole = whole and len(found.rows) * 2 >= len(lacking) * len(some)
        known = known.merge(found)
    return known, whole


def _lanes(
    alive: Sequence[Prompt], known: Scores, track: Sequence[str], prices: dict[str, float]
) -> dict[str, dict[str, float]]:
    """What each example of the blocks so far contributes to each prompt's score, less its penalty."""
    wanted, unit = set(track), _unit(known)
    lanes: dict[str, dict[str, float]] = {}
    for prompt in alive:
        price = unit * prices[prompt.id]
        rows = [row for row in known.by_prompt.get(prompt.id, ()) if row.example in wanted]
        values = contributions(rows, known.metric)
        lanes[prompt.id] = {row.example: value - price for row, value in zip(rows, values, strict=True)}
    return lanes


def _left(alive: list[Prompt], lanes: dict[str, dict[str, float]], params: Params, run: int) -> list[Prompt]:
    """The prompts that fewer than `keep` others beat on the `run` examples so far; two prompts must share half of these."""

    def beats(one: Prompt, other: Prompt) -> bool:
        mine, theirs = lanes[one.id], lanes[other.id]
        shared = [example for example in mine if example in theirs]
        return len(shared) * 2 >= run and chance([mine[one] for one in shared], [theirs[one] for one in shared]) < params.alpha

    left = [prompt for prompt in alive if sum(beats(other, prompt) for other in alive if other is not prompt) < params.keep]
    # A winner has the better mean, so `keep` stay; failed calls can break this, as pairs then share different examples.
    return left if len(left) >= params.keep else alive
