"""generate: let a model write new prompts.

APE's proposal (Zhou et al. 2023, section 3.1: forward and reverse mode), PE2's induction start and OPRO's step (Yang et al.
2023, section 3) are this node with different templates: `draws` independent requests of `n` samples each. Two equal requests
still get different completions, because each draw has its own sample numbers.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, Reply, node, require_wires, write_prompt
from promptwire.values import Examples, Model, Prompt, Prompts
from promptwire.values.named import CompanionName

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
    texts: int | None = Field(default=None, ge=1)
    """Most texts of one reply, where the template's `parse` takes all that it finds; of more, the first are taken."""
    shots: int = Field(default=0, ge=0)
    """Examples drawn anew for each request; 0 shows all of `examples`."""
    into: CompanionName | None = None
    """Companion that the reply becomes, in a copy of the first prompt whose text stays. Otherwise it is the text."""
    equal: Literal["merge", "keep"] = "merge"
    """Equal new prompts: `merge` keeps the first; `keep` keeps each, told apart by a companion `member`."""
    notes: bool = False
    """Whether the texts are notes for other templates, such as a summary; the report does not count them as candidates."""


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
    """`draws` x `n`; equal texts become one prompt. None without the prompt that `into` belongs to."""
    asks = Extent.exactly(params.draws * params.n)
    if params.into and not sizes.of("prompt").least and not sizes.of("prompts").least:
        asks = asks.perhaps()
    shown = {"examples": params.shots} if params.shots else {}
    each = sizes.answers if params.texts is None else min(sizes.answers, params.texts)
    return Bound({"prompts": (asks * each).perhaps()}, asks=asks, shown=shown)


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """The wire that is missing: a prompt that the reply becomes a companion of."""
    if params.into and not wired & {"prompt", "prompts"}:
        return "`into` needs `prompt` or `prompts`", "wire the prompt that the companion belongs to"
    return "", ""


@node(slots=Slots, bound=bound, lacks=lacks)
async def generate(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Ask for `draws` x `n` prompts."""
    require_wires(lacks, inputs, params, context)
    known = ([inputs.prompt] if inputs.prompt else []) + list(inputs.prompts.items if inputs.prompts else ())
    if params.into and not known:
        return Outputs(prompts=Prompts())
    drawn = await context.gather([_draw(inputs, params, context, draw) for draw in range(params.draws)])
    texts = [text for replies in drawn for reply in replies for text in reply.answers[: params.texts]]
    if params.notes:
        made = [Prompt(text=text, made_by=context.path, round=context.round) for text in texts]
    else:
        made = [write_prompt(text, *known, into=params.into, context=context) for text in texts]
    prompts = Prompts.of(made, equal=params.equal)
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
