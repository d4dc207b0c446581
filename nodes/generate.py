"""generate: let a model write new prompts.

APE's proposal (Zhou et al. 2023, section 3.1: forward and reverse mode), PE2's induction start and OPRO's step (Yang et al.
2023, section 3) are this node with different templates: `draws` independent requests of `n` samples each. Two equal requests
still get different completions, because each draw has its own sample numbers.
"""

from __future__ import annotations

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, Reply, node
from promptwire.values import Examples, Model, Prompt, Prompts

__all__ = ["Inputs", "Outputs", "Params", "Slots", "generate"]


class Inputs(Model):
    prompt: Prompt | None = None
    """A prompt to start from."""
    prompts: Prompts | None = None
    """Prompts to show together."""
    examples: Examples | None = None
    """Examples to show."""


class Params(Model):
    n: int = Field(default=1, ge=1)
    """Samples of each request."""
    draws: int = Field(default=1, ge=0, le=100_000)
    """Independent requests."""
    shots: int = Field(default=0, ge=0)
    """Examples drawn anew for each request; 0 shows all of `examples`."""


class Slots(Model):
    prompt: Prompt | None
    """The prompt to start from, when one is wired."""
    prompts: Prompts
    """The prompts to show; empty when none are wired."""
    examples: Examples
    """The examples of this request."""
    n: int
    """Samples of each request."""


class Outputs(Model):
    prompts: Prompts
    """The new prompts, in the order of draws and samples; the first of equal texts."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """`draws` x `n`; equal texts become one prompt."""
    asks = Extent.exactly(params.draws * params.n)
    shown = {"examples": params.shots} if params.shots else {}
    return Bound({"prompts": (asks * sizes.answers).perhaps()}, asks=asks, shown=shown)


@node(slots=Slots, bound=bound)
async def generate(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Ask for `draws` x `n` prompts."""
    drawn = await context.gather([_draw(inputs, params, context, draw) for draw in range(params.draws)])
    known = ([inputs.prompt] if inputs.prompt else []) + list(inputs.prompts.items if inputs.prompts else ())
    texts = [text for replies in drawn for reply in replies for text in reply.answers]
    prompts = Prompts.of(context.new_prompt(text, *known) for text in texts)
    if len(prompts) < len(texts):
        context.count("duplicates", len(texts) - len(prompts))
    return Outputs(prompts=prompts)


async def _draw(inputs: Inputs, params: Params, context: Context, draw: int) -> tuple[Reply, ...]:
    """The replies of one request."""
    examples = inputs.examples or Examples()
    if 0 < params.shots < len(examples):
        examples = Examples(items=tuple(context.rng("shots", draw).sample(examples.items, params.shots)))
    slots = Slots(prompt=inputs.prompt, prompts=inputs.prompts or Prompts(), examples=examples, n=params.n)
    return await context.ask(slots, n=params.n, first=draw * params.n)
