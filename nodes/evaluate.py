"""evaluate: score every prompt on every example.

The step that all papers share; the `metric` decides what is right. Every row keeps reply, answer and value, so that `failures`
and `critique-gradient` need no second call. All pairs are independent and in flight together. A model that is not deterministic
can be asked `repeats` times; the row then has the mean value, and the worst answer stands for the others.

`until_wrong` and `until_right` score in sequence: a prompt is asked one example after the other until it had so many wrong, or
right, answers. PromptWizard (Agarwal et al. 2024) looks at prompts in that way. Such scores are cheap and coarse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from functools import reduce
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.errors import NodeError
from promptwire.node import Context, node
from promptwire.values import Example, Examples, Model, Prompt, Prompts, Scores

__all__ = ["Inputs", "Outputs", "Params", "evaluate"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to score."""
    on: Examples
    """The examples to score them on."""


class Params(Model):
    repeats: int = Field(default=1, ge=1)
    """Answers per prompt and example. More than one is of use where equal requests get different replies."""
    until_wrong: int | None = Field(default=None, ge=1)
    """Wrong answers after which a prompt is asked no more."""
    until_right: int | None = Field(default=None, ge=1)
    """Right answers after which a prompt is asked no more."""
    order: Literal["own", "shared", "written"] = "own"
    """Order of the examples for `until_wrong` and `until_right`: drawn for each prompt, drawn once for all, or as given."""


class Outputs(Model):
    scores: Scores
    """One row per prompt and example; with `until_wrong` or `until_right`, only for the examples that were asked."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """Every prompt on every example, `repeats` times; in sequence, as many as it takes to have the answers that end it."""
    prompts, examples = sizes.of("prompts"), sizes.of("on")
    ends = [count for count in (params.until_wrong, params.until_right) if count is not None]
    if ends:
        most = sum(ends) - 1 if len(ends) == 2 else math.inf
        examples = Extent(min(examples.least, *ends), min(examples.most, most))
    return Bound({"scores": prompts.holding(examples.most)}, scores=prompts * examples * params.repeats)


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """An order is drawn only where scoring may end before the last example."""
    if params.order != "own" and params.until_wrong is None and params.until_right is None:
        return "`order` has an effect only with `until_wrong` or `until_right`", "give one of them, or remove order"
    return "", ""


@node(scores=True, bound=bound, lacks=lacks)
async def evaluate(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Score `prompts` on the examples of `on`."""
    if len(inputs.prompts) and not len(inputs.on):
        raise NodeError("there are no examples to score on", where=context.path, hint="`on` is an empty set: check the data")
    if params.until_wrong is None and params.until_right is None:
        return Outputs(scores=await context.score(inputs.prompts, inputs.on, repeats=params.repeats))
    orders = [(prompt, _ordered(prompt, inputs.on, params, context)) for prompt in inputs.prompts.items]
    jobs = [_in_sequence(prompt, order, params, context) for prompt, order in orders]
    return Outputs(scores=reduce(Scores.merge, await context.gather(jobs), Scores(prompts=inputs.prompts)))


def _ordered(prompt: Prompt, examples: Examples, params: Params, context: Context) -> Sequence[Example]:
    """The examples in the order in which `prompt` is asked."""
    items = list(examples.items)
    if params.order != "written":
        context.rng("order", *([prompt.id] if params.order == "own" else [])).shuffle(items)
    return items


async def _in_sequence(prompt: Prompt, examples: Sequence[Example], params: Params, context: Context) -> Scores:
    """The rows of one prompt, up to the answer that ends it."""
    found, right, wrong, start = Scores(prompts=Prompts(items=(prompt,))), 0, 0, 0
    while start < len(examples):
        # As many at once as any end still lacks: no call is made that asking one by one would not make.
        lacks = [end - n for end, n in ((params.until_wrong, wrong), (params.until_right, right)) if end is not None]
        some = tuple(examples[start : start + min(lacks)])
        start += len(some)
        one = await context.score(Prompts(items=(prompt,)), Examples(items=some), repeats=params.repeats)
        if one.perfect is None:
            hint = "use a metric with a value for right, or leave out until_wrong and until_right"
            raise NodeError(f"the metric {one.metric!r} has no value for right answers", where=context.path, hint=hint)
        found = found.merge(one)
        right += sum(row.value >= one.perfect for row in one.rows)
        wrong += sum(row.value < one.perfect for row in one.rows)
        if wrong == params.until_wrong or right == params.until_right:
            break
    return found
