"""parents: draw who breeds with whom.

EvoPrompt's roulette wheel (Guo et al. 2024, section 3.2: likelier the better, and a prompt may meet itself) and the donors of
its differential evolution (section 3.3: `every` prompt in turn with others that differ), CAPO's even draw (Zehle et al. 2025),
PromptBreeder's tournament (Fernando et al. 2023: the better one of two drawn). The families go to `crossover`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence, Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node, require_wires
from promptwire.stats.ranking import merit
from promptwire.values import Families, Model, Prompt, Prompts, Scores

__all__ = ["Inputs", "Outputs", "Params", "parents"]


class Inputs(Model):
    prompts: Prompts
    """The population."""
    scores: Scores | None = None
    """How it did; needed by all policies but `random`."""


class Params(Model):
    n: int = Field(default=1, ge=0)
    """Families to draw; with `every`, for each prompt."""
    size: int = Field(default=2, ge=1)
    """Prompts in a family."""
    policy: Literal["roulette", "tournament", "random"] = "roulette"
    """How they are drawn: likelier the better, the better of two drawn, or all alike."""
    distinct: bool = True
    """Whether the prompts of a family differ; a population that is too small for that has no families."""
    every: bool = False
    """Whether each prompt of the population is the first of a family in turn, and only the others are drawn."""


class Outputs(Model):
    families: Families
    """The families, in the order of drawing."""
    prompts: Prompts
    """All who were drawn, each once, in the order of drawing."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """`n` families, where there are prompts enough."""
    population = sizes.of("prompts")
    needed = params.size if params.distinct else 1
    few, many = (
        params.n * (size if params.every else 1) if size >= needed else 0 for size in (population.least, population.most)
    )
    families = Extent(few, many, params.size)
    drawn = Extent(min(population.least, few, 1), min(population.most, many * params.size))
    return Bound({"families": families, "prompts": drawn})


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """Policies that look at scores need them."""
    if params.policy != "random" and "scores" not in wired:
        return f"policy {params.policy!r} needs `scores`", "wire the scores of an evaluate node"
    return "", ""


@node(bound=bound, lacks=lacks)
async def parents(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Draw families of prompts to breed from."""
    population = inputs.prompts.items
    require_wires(lacks, inputs, params, context)
    if len(population) < (params.size if params.distinct else 1):
        context.count("too few to breed")
        return Outputs(families=Families(), prompts=Prompts())
    scores = inputs.scores or Scores()
    firsts = [(prompt,) for prompt in population for _ in range(params.n)] if params.every else [()] * params.n
    families = tuple(
        _drawn(first, population, scores, params, context.rng("family", number)) for number, first in enumerate(firsts)
    )
    members = Prompts.of(prompt for family in families for prompt in family)
    return Outputs(families=Families(items=families), prompts=members)


def _drawn(
    first: tuple[Prompt, ...], population: Sequence[Prompt], scores: Scores, params: Params, rng: random.Random
) -> tuple[Prompt, ...]:
    """The family of `first`, who may be nobody yet."""
    family = list(first)
    left = [prompt for prompt in population if not params.distinct or prompt not in first]
    while len(family) < params.size:
        place = _DRAWS[params.policy](left, scores, rng)
        family.append(left.pop(place) if params.distinct else left[place])
    return tuple(family)


def _any(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    return rng.randrange(len(left))


def _spin(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    """A place drawn in proportion to the mean above the lowest possible one; evenly when all are equally bad."""
    found = [scores.mean(prompt) for prompt in left]
    known = [mean for mean in found if mean is not None]
    # Log-probabilities are negative: the worst of those left then weighs nothing. Nor does a prompt without a score.
    lowest = scores.scale[0] if scores.scale is not None else 0.0
    floor = min([lowest, *known])
    weights = [0.0 if mean is None else mean - floor for mean in found]
    return rng.choices(range(len(left)), weights if any(weights) else None)[0]


def _fight(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    """The better of two drawn places; the one written first among equals."""
    drawn = sorted(rng.sample(range(len(left)), min(2, len(left))))
    return max(drawn, key=lambda place: merit(scores.fair(left[place])))


_DRAWS = {"random": _any, "roulette": _spin, "tournament": _fight}
