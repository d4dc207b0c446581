"""crossover: let a model breed a new prompt from two.

The operator of EvoPrompt (Guo et al. 2024: cross over, then mutate; with `best` in the template, differential evolution) and
of CAPO (Zehle et al. 2025). Which two meet is drawn; that a pair meets twice is meant, and gives two children.
"""

from __future__ import annotations

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.measuring.ordinals import ordinals
from promptwire.node import Context, node
from promptwire.values import Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "Slots", "crossover"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to breed from."""
    best: Prompt | None = None
    """The best so far, for a template that shows it."""


class Params(Model):
    n: int = Field(default=1, ge=0)
    """Pairs, and so requests."""


class Slots(Model):
    mother: Prompt
    """One parent."""
    father: Prompt
    """The other parent."""
    best: Prompt | None
    """The best so far, when it is wired."""


class Outputs(Model):
    prompts: Prompts
    """The children, pair by pair."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One request a pair, when there are two to pair."""
    population = sizes.of("prompts")
    pairs = Extent(params.n if population.least >= 2 else 0, params.n if population.most >= 2 else 0)
    return Bound({"prompts": (pairs * sizes.answers).perhaps()}, asks=pairs)


@node(slots=Slots, bound=bound)
async def crossover(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Breed from `n` drawn pairs; fewer than two prompts have no children."""
    population = inputs.prompts.items
    if len(population) < 2:
        context.count("too few to breed")
        return Outputs(prompts=Prompts())
    pairs = [tuple(context.rng("pair", pair).sample(population, 2)) for pair in range(params.n)]
    numbers = ordinals((mother.id, father.id) for mother, father in pairs)
    asked = await context.gather(
        [
            context.ask(Slots(mother=mother, father=father, best=inputs.best), first=number)
            for (mother, father), number in zip(pairs, numbers, strict=True)
        ]
    )
    children = [
        context.born(text, mother, father)
        for (mother, father), replies in zip(pairs, asked, strict=True)
        for reply in replies
        for text in reply.answers
    ]
    prompts = Prompts.of(children)
    context.count("duplicates", len(children) - len(prompts))
    return Outputs(prompts=prompts)
