"""crossover: let a model write a new prompt from several parents.

The operator of EvoPrompt (Guo et al. 2024) and of CAPO (Zehle et al. 2025). EvoPrompt's genetic algorithm crosses two parents
over and mutates the result. Its differential evolution takes a prompt, two donors and the best so far. CAPO's children also
take half of their parents' shots. With critiques of the parents in the template, evolution and textual gradients are combined.
`parents` draws the families. A family may occur again and then gives another child.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node, write_prompt
from promptwire.values import Critique, Critiques, Example, Families, Model, Prompt, Prompts
from promptwire.values.hashing import ordinals
from promptwire.values.named import CompanionName

__all__ = ["Inputs", "Outputs", "Params", "Slots", "crossover"]


class Inputs(Model):
    of: Families
    """The families to cross over."""
    best: Prompts | None = None
    """The best prompt so far, for a template that shows it; the first of several."""
    critiques: Critiques | None = None
    """Critiques of the parents, for a template that shows them."""


class Params(Model):
    n: int = Field(default=1, ge=1)
    """Children of each family, as samples of one request."""
    demos: Literal["first", "half"] = "first"
    """A child's demonstrations: `first`, those of the first parent; `half`, a parent's average number, drawn from all."""
    into: CompanionName | None = None
    """Companion that the reply becomes, in a copy of the first parent whose text stays. Otherwise it is the text."""
    equal: Literal["merge", "keep"] = "merge"
    """Equal new prompts: `merge` keeps the first; `keep` keeps each, told apart by a companion `member`."""


class Slots(Model):
    family: tuple[Prompt, ...]
    """The parents; the child may replace the first."""
    donors: tuple[Prompt, ...]
    """The others of the family."""
    best: Prompt | None
    """The best prompt so far, when it is wired."""
    critiques: tuple[tuple[Critique, ...], ...]
    """The critiques of each parent, in the order of the family; possibly none."""
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
    """Write new prompts from each family."""
    families = inputs.of.items
    # Equal families give equal requests; sample numbers give each its own child.
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
            child = write_prompt(text, *lineage, into=params.into, context=context)
            demos = child.demos if params.demos == "first" else _half(family, context, place, number)
            children.append(child.replaced(demos=demos))
    prompts = Prompts.of(children, equal=params.equal)
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
