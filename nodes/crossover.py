"""crossover: let a model breed a new prompt from the prompts of a family.

The operator of EvoPrompt (Guo et al. 2024: of two parents, cross over, then mutate; of a prompt, two donors and the best so
far, differential evolution) and of CAPO (Zehle et al. 2025, whose children also take over half of their parents' shots). With
critiques of the parents in the template it is a hybrid of both worlds, evolution and gradients. Who meets whom is drawn by
`parents`; that a family comes again is meant, and gives another child.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Critique, Critiques, Example, Families, Model, Prompt, Prompts
from promptwire.values.hashing import ordinals

__all__ = ["Inputs", "Outputs", "Params", "Slots", "crossover"]


class Inputs(Model):
    of: Families
    """The families to breed from."""
    best: Prompts | None = None
    """The best so far, for a template that shows it; of several the first."""
    critiques: Critiques | None = None
    """What is wrong with the parents, for a template that shows it."""


class Params(Model):
    n: int = Field(default=1, ge=1)
    """Children of each family, as samples of one request."""
    demos: Literal["first", "half"] = "first"
    """A child's demonstrations: those of the first of its family, or as many as its parents have on average, drawn from all."""


class Slots(Model):
    family: tuple[Prompt, ...]
    """The parents, first of all the one that the child may replace."""
    donors: tuple[Prompt, ...]
    """The others of the family."""
    best: Prompt | None
    """The best so far, when it is wired."""
    critiques: tuple[tuple[Critique, ...], ...]
    """For each of the family, in its order, what is wrong with it; may be nothing."""
    n: int
    """Children of each family."""


class Outputs(Model):
    prompts: Prompts
    """The children, family by family."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One request of `n` samples a family."""
    asks = sizes.of("of") * params.n
    return Bound({"prompts": (asks * sizes.answers).perhaps().holding(0)}, asks=asks.holding(0))


@node(slots=Slots, bound=bound)
async def crossover(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Breed new prompts from each family."""
    families = inputs.of.items
    # A family that comes again is the same question, and is to have another child.
    numbers = ordinals(tuple(parent.id for parent in family) for family in families)
    shown = [_slots(family, inputs, params) for family in families]
    asked = await context.gather(
        [context.ask(slots, n=params.n, first=number * params.n) for slots, number in zip(shown, numbers, strict=True)]
    )
    children = []
    for place, (slots, replies) in enumerate(zip(shown, asked, strict=True)):
        family = slots.family
        lineage = Prompts.of((*family, slots.best) if slots.best else family).items
        texts = [text for reply in replies for text in reply.answers]
        for number, text in enumerate(texts):
            child = context.new_prompt(text, *lineage)
            demos = child.demos if params.demos == "first" else _half(family, context, place, number)
            children.append(Prompt(text=text, demos=demos, parents=child.parents, made_by=child.made_by, round=child.round))
    prompts = Prompts.of(children)
    context.count("duplicates", len(children) - len(prompts))
    return Outputs(prompts=prompts)


def _slots(family: tuple[Prompt, ...], inputs: Inputs, params: Params) -> Slots:
    best = next(iter(inputs.best.items), None) if inputs.best else None
    said: dict[str, list[Critique]] = {}
    for critique in inputs.critiques.items if inputs.critiques else ():
        said.setdefault(critique.prompt.id, []).append(critique)
    critiques = tuple(tuple(said.get(parent.id, ())) for parent in family)
    return Slots(family=family, donors=family[1:], best=best, critiques=critiques, n=params.n)


def _half(family: Sequence[Prompt], context: Context, *which: int) -> tuple[Example, ...]:
    """As many demonstrations as the parents have on average, drawn from theirs."""
    pool = list({demo.id: demo for parent in family for demo in parent.demos}.values())
    count = sum(len(parent.demos) for parent in family) // len(family)
    return tuple(context.rng("demos", *which).sample(pool, min(count, len(pool))))
