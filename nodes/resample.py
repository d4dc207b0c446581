"""resample: write variants of each prompt with the same meaning.

APE's iterative Monte-Carlo search around the survivors (Zhou et al. 2023, section 3.3) and the paraphrases of ProTeGi's
Expand (Pryzant et al. 2023, section 3.2). `fill` makes a population out of a few prompts, as EvoPrompt's authors do (Guo et al.
2024). Each prompt is one request, and all are in flight together.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node, write_prompt
from promptwire.values import Model, Prompt, Prompts
from promptwire.values.named import CompanionName

__all__ = ["Inputs", "Outputs", "Params", "Slots", "resample"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to vary."""


class Params(Model):
    n: int = Field(default=1, ge=0)
    """Variants of each prompt."""
    fill: int | None = Field(default=None, ge=1)
    """Instead of `n`: the number of prompts that given prompts and variants make up. Shares are even; the first get more."""
    keep_parents: bool = False
    """Whether the output begins with the given prompts."""
    into: CompanionName | None = None
    """Companion that the reply becomes, in a copy of the prompt whose text stays. Otherwise it is the text."""
    equal: Literal["merge", "keep"] = "merge"
    """Equal new prompts: `merge` keeps the first; `keep` keeps each, told apart by a companion `member`."""


class Slots(Model):
    prompt: Prompt
    """The prompt to vary."""
    n: int
    """Variants of this prompt."""


class Outputs(Model):
    prompts: Prompts
    """The variants, prompt by prompt; copies of a given prompt or an earlier variant are left out and counted."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One request a prompt, of `n` samples or as many as fill up the set; equal texts become one prompt."""
    prompts = sizes.of("prompts")
    asks = prompts * params.n
    if params.fill is not None:
        least = max(0, params.fill - prompts.most) if prompts.least else 0
        asks = Extent(least, max(0, params.fill - max(1, prompts.least)) if prompts.most else 0)
    made = (asks * sizes.answers).perhaps()
    both = prompts + made
    if params.fill is not None and sizes.answers == 1:
        both = both.upto(max(params.fill, prompts.most))  # the more are given, the fewer are written
    return Bound({"prompts": both if params.keep_parents else made}, asks=asks)


@node(slots=Slots, bound=bound)
async def resample(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Write `n` variants of each prompt."""
    shares = [(prompt, n) for prompt, n in zip(inputs.prompts.items, _shares(len(inputs.prompts), params), strict=True) if n]
    asked = await context.gather([context.ask(Slots(prompt=prompt, n=n), n=n) for prompt, n in shares])
    made = [
        write_prompt(text, parent, into=params.into, context=context)
        for (parent, _), replies in zip(shares, asked, strict=True)
        for reply in replies
        for text in reply.answers
    ]
    unique = Prompts.of((*inputs.prompts.items, *made), equal=params.equal)
    context.count("duplicates", len(inputs.prompts) + len(made) - len(unique))
    return Outputs(prompts=unique if params.keep_parents else Prompts(items=unique.items[len(inputs.prompts) :]))


def _shares(prompts: int, params: Params) -> list[int]:
    """How many variants each of so many prompts gets."""
    if params.fill is None or not prompts:
        return [params.n] * prompts
    each, more = divmod(max(0, params.fill - prompts), prompts)
    return [each + (place < more) for place in range(prompts)]
