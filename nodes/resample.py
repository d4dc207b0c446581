"""resample: write variants of each prompt that mean the same.

APE's iterative Monte-Carlo search around the survivors (Zhou et al. 2023, section 3.3) and the paraphrases of ProTeGi's
Expand (Pryzant et al. 2023, section 3.2). One request per prompt, `n` samples each, all in flight together.
"""

from __future__ import annotations

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.node import Context, node
from promptwire.values import Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "Slots", "resample"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to vary."""


class Params(Model):
    n: int = Field(default=1, ge=0)
    """Variants of each prompt."""
    keep_parents: bool = False
    """Whether the prompts themselves come first in the output."""


class Slots(Model):
    prompt: Prompt
    """The prompt to vary."""
    n: int
    """Variants of each prompt."""


class Outputs(Model):
    prompts: Prompts
    """The variants, prompt by prompt; one that is equal to a given prompt or an earlier variant is left out and counted."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One request of `n` samples a prompt; equal texts become one prompt."""
    prompts = sizes.of("prompts")
    asks = prompts * params.n
    made = (asks * sizes.answers).perhaps()
    return Bound({"prompts": prompts + made if params.keep_parents else made}, asks=asks)


@node(slots=Slots, bound=bound)
async def resample(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Write `n` variants of each prompt."""
    parents = inputs.prompts.items if params.n else ()
    asked = await context.gather([context.ask(Slots(prompt=prompt, n=params.n), n=params.n) for prompt in parents])
    made = [
        context.born(text, parent)
        for parent, replies in zip(parents, asked, strict=True)
        for reply in replies
        for text in reply.answers
    ]
    unique = Prompts.of((*inputs.prompts.items, *made))
    context.count("duplicates", len(inputs.prompts) + len(made) - len(unique))
    return Outputs(prompts=unique if params.keep_parents else Prompts(items=unique.items[len(inputs.prompts) :]))
