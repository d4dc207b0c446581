"""synthesize: let a model write new examples.

PromptWizard (Agarwal et al. 2024) shows a prompt examples that a model wrote, and so do searches with little data. Each request
shows examples and asks for `n` more. The template reads the examples out of the reply, such as with `parse: {tag: example, all:
true}`. In each of them the input and the output stand between tags of their own. An example whose input is known already is
dropped and counted, whatever its output. The step's path stands in `made_by`. Whether an output is right is not known: score
the examples, and keep those that are `solved`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, Reply, node
from promptwire.values import Example, Examples, Model, Prompts

__all__ = ["Inputs", "Outputs", "Params", "Slots", "synthesize"]


class Inputs(Model):
    examples: Examples | None = None
    """Examples to show; those in named fields say which fields a new one has. Their inputs are known."""
    prompts: Prompts | None = None
    """Prompts to show."""
    known: Examples | None = None
    """More examples whose inputs are known."""


class Params(Model):
    n: int = Field(default=5, ge=1)
    """Examples to ask for in each request. Of more, the last are taken, because the first may repeat the request."""
    draws: int = Field(default=1, ge=0, le=100_000)
    """Independent requests."""
    shots: int = Field(default=0, ge=0)
    """Examples drawn anew for each request; 0 shows all of `examples`."""
    input: str = Field(default="input", min_length=1)
    """Tag of the input; named fields have their names as tags."""
    output: str = Field(default="output", min_length=1)
    """Tag of the output; of several outputs the first is the main one."""
    outputs: Literal["free", "known"] = "free"
    """`known`: drop an example with an output that none of `examples` and `known` has, as with labels."""


class Slots(Model):
    examples: Examples
    """The examples of this request."""
    prompts: Prompts
    """The prompts to show; empty when none are wired."""
    fields: tuple[str, ...]
    """The tags of an input: one, or the names of its fields."""
    output: str
    """The tag of an output."""
    n: int
    """Examples to ask for."""


class Outputs(Model):
    examples: Examples
    """The new examples, in the order of requests and replies."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """One request for each draw, at most `n` examples each."""
    asks = Extent.exactly(params.draws)
    shown = {"examples": params.shots} if params.shots else {}
    return Bound({"examples": (asks * min(params.n, sizes.answers)).perhaps()}, asks=asks, shown=shown)


@node(slots=Slots, bound=bound)
async def synthesize(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Ask for `draws` x `n` examples."""
    shown = inputs.examples.items if inputs.examples else ()
    known = [*shown, *(inputs.known.items if inputs.known else ())]
    fields = next((tuple(one.input) for one in known if isinstance(one.input, dict)), (params.input,))
    drawn = await context.gather([_draw(shown, fields, inputs, params, context, draw=draw) for draw in range(params.draws)])
    wanted = {output for example in known for output in example.outputs} if params.outputs == "known" else None
    seen = {_words(example) for example in known}
    made = []
    for text in (text for replies in drawn for reply in replies for text in _last(reply, params.n, context)):
        example = _example(text, fields, params.output, context)
        reason = _refused(example, seen, wanted)
        if example is None or reason:
            context.count(reason)
            continue
        seen.add(_words(example))
        made.append(example)
    return Outputs(examples=Examples.of(made))


async def _draw(
    shown: Sequence[Example], fields: tuple[str, ...], inputs: Inputs, params: Params, context: Context, *, draw: int
) -> tuple[Reply, ...]:
    """The reply to one request."""
    if 0 < params.shots < len(shown):
        shown = context.rng("shots", draw).sample(shown, params.shots)
    slots = Slots(
        examples=Examples(items=tuple(shown)),
        prompts=inputs.prompts or Prompts(),
        fields=fields,
        output=params.output,
        n=params.n,
    )
    return await context.ask(slots, first=draw)


def _last(reply: Reply, n: int, context: Context) -> tuple[str, ...]:
    context.count("surplus", max(0, len(reply.answers) - n))
    return reply.answers[-n:]


def _example(text: str, fields: tuple[str, ...], output: str, context: Context) -> Example | None:
    """The example in `text`; None if a part of it is missing."""
    parts = {field: context.read(text, field) for field in fields}
    outputs = context.read(text, output)
    if not outputs or not all(parts.values()):
        return None
    found = {field: texts[-1] for field, texts in parts.items()}
    return Example(
        input=found if len(fields) > 1 else found[fields[0]], outputs=tuple(dict.fromkeys(outputs)), made_by=context.path
    )


def _refused(example: Example | None, seen: Set[str], wanted: Set[str] | None) -> str:
    """Why the example is dropped; empty when it is kept."""
    if example is None:
        return "incomplete examples"
    if _words(example) in seen:
        return "duplicates"
    return "unknown outputs" if wanted is not None and not wanted >= set(example.outputs) else ""


def _words(example: Example) -> str:
    """The input without case, blanks and punctuation; as it is if it holds nothing else."""
    return " ".join(re.findall(r"\w+", example.text.casefold())) or example.text
