"""edit: rewrite a prompt after a critique.

ProTeGi's step against the gradient (Pryzant et al. 2023, section 3.1), and PE2's second turn (Ye et al. 2024, section 3.2). PE2
continues the critique's conversation. It states how many words may change (its step size), how long the prompt may be, and what
was tried before (its momentum). The template tells the model the limits, as in PE2; `dedupe` drops prompts that break them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.errors import NodeError
from promptwire.node import Context, Reply, node, write_prompt
from promptwire.values import Critique, Critiques, Failure, History, Model, Prompt, Prompts
from promptwire.values.hashing import digest, ordinals
from promptwire.values.named import CompanionName

__all__ = ["Inputs", "Outputs", "Params", "Slots", "edit"]


class Inputs(Model):
    critiques: Critiques
    """The critiques to follow."""
    history: History | None = None
    """Earlier prompts, for a template that shows them."""


class Params(Model):
    n: int = Field(default=1, ge=1)
    """Prompts to ask for after each critique. Of more, the last are taken, because the first may repeat the request."""
    step_size: int | None = Field(default=None, ge=1)
    """Most words that may change; no limit when not set."""
    max_words: int | None = Field(default=None, ge=1)
    """Longest prompt, in words; no limit when not set."""
    converse: bool = False
    """Whether to continue the conversation that the critique came from."""
    into: CompanionName | None = None
    """Companion that the reply becomes, in a copy of the prompt whose text stays. Otherwise it is the text."""
    equal: Literal["merge", "keep"] = "merge"
    """Equal new prompts: `merge` keeps the first; `keep` keeps each, told apart by a companion `member`."""


class Slots(Model):
    prompt: Prompt
    """The prompt to change."""
    critique: Critique
    """The critique of it."""
    failures: tuple[Failure, ...]
    """What it got wrong."""
    n: int
    """Prompts to ask for."""
    step_size: int | None
    """Most words that may change."""
    max_words: int | None
    """Longest prompt, in words."""
    history: History
    """Earlier prompts; empty when none are wired."""


class Outputs(Model):
    prompts: Prompts
    """The new prompts, critique by critique."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One request a critique, at most `n` prompts each."""
    critiques = sizes.of("critiques")
    made = (critiques * min(params.n, sizes.answers)).perhaps()
    return Bound({"prompts": made}, asks=critiques, converses=params.converse)


@node(slots=Slots, bound=bound)
async def edit(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Rewrite each criticised prompt after its critique."""
    critiques = inputs.critiques.items
    if params.converse and any(not critique.conversation for critique in critiques):
        hint = "`converse` needs a critique from a chat template, not from a completion"
        raise NodeError("a critique has no conversation to go on with", where=context.path, hint=hint)
    numbers = ordinals(digest(critique.model_dump(mode="json")) for critique in critiques)
    asked = await context.gather(
        [_ask(critique, number, inputs, params, context) for critique, number in zip(critiques, numbers, strict=True)]
    )
    written = []
    for critique, replies in zip(critiques, asked, strict=True):
        texts = [text for reply in replies for text in reply.answers]
        context.count("surplus", max(0, len(texts) - params.n))
        written += [write_prompt(text, critique.prompt, into=params.into, context=context) for text in texts[-params.n :]]
    prompts = Prompts.of(written, equal=params.equal)
    context.count("duplicates", len(written) - len(prompts))
    return Outputs(prompts=prompts)


async def _ask(critique: Critique, number: int, inputs: Inputs, params: Params, context: Context) -> tuple[Reply, ...]:
    slots = Slots(
        prompt=critique.prompt,
        critique=critique,
        failures=critique.cases,
        n=params.n,
        step_size=params.step_size,
        max_words=params.max_words,
        history=inputs.history or History(),
    )
    return await context.ask(slots, first=number, conversation=critique.conversation if params.converse else ())
