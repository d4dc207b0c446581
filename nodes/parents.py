"""parents: draw the families of prompts for a crossover.

EvoPrompt's roulette wheel (Guo et al. 2024, section 3.2) draws in proportion to the score, and a prompt may be drawn twice. Its
differential evolution (section 3.3) gives `every` prompt in turn other, different prompts as donors. CAPO (Zehle et al. 2025)
draws evenly. PromptBreeder (Fernando et al. 2023) pairs the whole population by chance, each prompt once (`matching`), and
mutates the better of each pair (`order: best`). `crossover` takes the families.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence, Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node, require_wires
from promptwire.stats.prompt_score import score_of, score_scale
from promptwire.stats.ranking import merit, ranked
from promptwire.values import Families, Model, Prompt, Prompts, Scores
from promptwire.values.members import others

__all__ = ["Inputs", "Outputs", "Params", "parents"]


class Inputs(Model):
    prompts: Prompts
    """The population."""
    scores: Scores | None = None
    """Scores of the population; needed by `roulette`, `tournament` and `order: best`."""


class Params(Model):
    n: int = Field(default=1, ge=0)
    """Number of families; with `every`, for each prompt. With `matching`, number of matchings."""
    size: int = Field(default=2, ge=1)
    """Prompts in a family."""
    policy: Literal["roulette", "tournament", "random", "matching"] = "roulette"
    """`roulette`: in proportion to the score; `tournament`: the better of two drawn; `random`: with equal chances; `matching`:
    each prompt of the population in one family, by chance."""
    distinct: bool = True
    """Whether the prompts of a family differ; a population too small for that gives no families."""
    every: bool = False
    """Whether each prompt in turn is the first of a family, so that only the others are drawn."""
    order: Literal["drawn", "best"] = "drawn"
    """The order in a family: as drawn, or `best` first by `scores`; of equals, the one drawn first."""


class Outputs(Model):
    families: Families
    """The families, in the order of drawing."""
    prompts: Prompts
    """All drawn prompts, each once, in the order of drawing."""
    first: Prompts
    """The first of each family, each once; with `order: best`, the winners."""
    rest: Prompts
    """The prompts in no family; with `matching`, those that were left over."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """`n` families, if there are enough prompts."""
    population = sizes.of("prompts")
    few, many = (_families(size, params) for size in (population.least, population.most))
    families = Extent(few, many, params.size)
    drawn = Extent(min(population.least, few, 1), min(population.most, many * params.size))
    first, rest = Extent(min(drawn.least, 1), min(population.most, many)), population.perhaps()
    if params.policy == "matching" and params.n:
        rest = Extent.exactly(population.least % params.size) if population.exact else rest.upto(params.size - 1)
        first = Extent(few / params.n, min(population.most, many))
    return Bound({"families": families, "prompts": drawn, "first": first, "rest": rest})


def _families(population: float, params: Params) -> float:
    """How many families a population of this size gives."""
    if params.policy == "matching":
        return params.n * (population // params.size) if math.isfinite(population) else population
    if not params.n or population < (params.size if params.distinct else 1):
        return 0
    return params.n * population if params.every else params.n


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """The wire that is missing: scores, for policies that use them."""
    if params.policy == "matching" and params.every:
        return "policy 'matching' has each prompt in one family", "remove `every`"
    if params.order == "best" and "scores" not in wired:
        return "`order: best` needs `scores`", "wire the scores of an evaluate node"
    if params.policy in ("roulette", "tournament") and "scores" not in wired:
        return f"policy {params.policy!r} needs `scores`", "wire the scores of an evaluate node"
    return "", ""


@node(bound=bound, lacks=lacks, values=True)
async def parents(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Draw families of prompts for a crossover."""
    population = inputs.prompts.items
    require_wires(lacks, inputs, params, context)
    if len(population) < (params.size if params.distinct else 1):
        context.count("too few to breed")
        return Outputs(families=Families(), prompts=Prompts(), first=Prompts(), rest=inputs.prompts)
    scores = inputs.scores or Scores()
    firsts: Sequence[tuple[Prompt, ...]] = (
        [(prompt,) for prompt in population for _ in range(params.n)] if params.every else [()] * params.n
    )
    if params.policy == "matching":
        families = tuple(
            family for number in range(params.n) for family in _matched(population, params.size, context.rng("family", number))
        )
    else:
        families = tuple(
            _drawn(first, population, scores, params, context.rng("family", number)) for number, first in enumerate(firsts)
        )
    if params.order == "best":
        families = tuple(ranked(Prompts(items=family), scores) for family in families)
    members = Prompts.of(prompt for family in families for prompt in family)
    return Outputs(
        families=Families(items=families),
        prompts=members,
        first=Prompts.of(family[0] for family in families),
        rest=others(inputs.prompts, members.items),
    )


def _matched(population: Sequence[Prompt], size: int, rng: random.Random) -> list[tuple[Prompt, ...]]:
    """The population in a drawn order, cut into families; the last prompts are left over where they fill none."""
    order = rng.sample(population, len(population))
    return [tuple(order[start : start + size]) for start in range(0, len(order) - size + 1, size)]


def _drawn(
    first: tuple[Prompt, ...], population: Sequence[Prompt], scores: Scores, params: Params, rng: random.Random
) -> tuple[Prompt, ...]:
    """The family that begins with `first`, which may be empty."""
    family = list(first)
    left = [prompt for prompt in population if not params.distinct or prompt not in first]
    while len(family) < params.size:
        place = _DRAWS[params.policy](left, scores, rng)
        family.append(left.pop(place) if params.distinct else left[place])
    return tuple(family)


def _any(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    return rng.randrange(len(left))


def _spin(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    """A position drawn in proportion to the score above the lowest possible one; evenly when all are equally bad."""
    found = [score_of(prompt, scores) for prompt in left]
    known = [score for score in found if score is not None]
    # Log-probabilities are negative: the worst of those left then has weight 0. A prompt without a score has weight 0 too.
    scale = score_scale(scores)
    lowest = scale[0] if scale is not None else 0.0
    floor = min([lowest, *known])
    weights = [0.0 if score is None else score - floor for score in found]
    return rng.choices(range(len(left)), weights if any(weights) else None)[0]


def _fight(left: Sequence[Prompt], scores: Scores, rng: random.Random) -> int:
    """The better of two drawn positions; the first one among equals."""
    drawn = sorted(rng.sample(range(len(left)), min(2, len(left))))
    return max(drawn, key=lambda place: merit(scores.fair(left[place]), scores.metric))


_DRAWS = {"random": _any, "roulette": _spin, "tournament": _fight}
