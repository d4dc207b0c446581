"""parents: choose the prompts to breed from.

EvoPrompt's roulette wheel (Guo et al. 2024: likelier the better), PromptBreeder's tournament (Fernando et al. 2023: the better
one of two drawn), or a plain draw. A set holds each prompt once, so `n` different prompts are drawn, without replacement.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.errors import NodeError
from promptwire.measuring.ranking import merit
from promptwire.node import Context, node
from promptwire.values import Model, Prompt, Prompts, Scores

__all__ = ["Inputs", "Outputs", "Params", "parents"]


class Inputs(Model):
    prompts: Prompts
    """The population."""
    scores: Scores | None = None
    """How it did; needed by all policies but `random`."""


class Params(Model):
    n: int = Field(default=2, ge=1)
    """How many to choose; all when there are not more."""
    policy: Literal["roulette", "tournament", "random"] = "roulette"
    """How they are chosen."""


class Outputs(Model):
    prompts: Prompts
    """The chosen, in the order in which they were drawn."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """`n` of them."""
    return Bound({"prompts": sizes.of("prompts").upto(params.n)})


@node(bound=bound)
async def parents(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Choose `n` prompts to breed from."""
    rng = context.rng("parents")
    left = list(inputs.prompts.items)
    if params.policy == "random":
        return Outputs(prompts=Prompts(items=tuple(rng.sample(left, min(params.n, len(left))))))
    if inputs.scores is None:
        raise NodeError(
            f"policy {params.policy!r} needs `scores`", where=context.path, hint="wire the scores of an evaluate node"
        )
    chosen: list[Prompt] = []
    while left and len(chosen) < params.n:
        pick = _spin(left, inputs.scores, rng) if params.policy == "roulette" else _fight(left, inputs.scores, rng)
        chosen.append(left.pop(pick))
    return Outputs(prompts=Prompts(items=tuple(chosen)))


def _spin(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    """A place drawn in proportion to the mean above the lowest possible one; evenly when all are equally bad."""
    means = [scores.mean(prompt) or 0.0 for prompt in left]
    # Log-probabilities are negative: the worst of those left then weighs nothing.
    floor = min(0.0, *means)
    weights = [mean - floor for mean in means]
    return rng.choices(range(len(left)), weights if any(weights) else None)[0]


def _fight(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    """The better of two drawn places; the one written first among equals."""
    drawn = sorted(rng.sample(range(len(left)), min(2, len(left))))
    return max(drawn, key=lambda place: merit(scores.by_prompt.get(left[place].id, ())))
