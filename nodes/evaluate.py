"""evaluate: score every prompt on every example.

The step that all papers share; the `metric` decides what is right. Every row keeps reply, answer and value, so that `failures`
and `critique-gradient` need no second call. All pairs are independent and in flight together. A model that is not deterministic
can be asked `repeats` times; the row then has the mean value, and the worst answer stands for the others.
"""

from __future__ import annotations

from pydantic import Field

from promptwire.bounds import Bound, Sizes
from promptwire.errors import NodeError
from promptwire.node import Context, node
from promptwire.values import Examples, Model, Prompts, Scores

__all__ = ["Inputs", "Outputs", "Params", "evaluate"]


class Inputs(Model):
    prompts: Prompts
    """The prompts to score."""
    on: Examples
    """The examples to score them on."""


class Params(Model):
    repeats: int = Field(default=1, ge=1)
    """Answers per prompt and example. More than one is of use where equal requests get different replies."""


class Outputs(Model):
    scores: Scores
    """One row per prompt and example."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """Every prompt on every example, `repeats` times."""
    prompts, examples = sizes.of("prompts"), sizes.of("on")
    return Bound({"scores": prompts.holding(examples.most)}, scores=prompts * examples * params.repeats)


@node(scores=True, bound=bound)
async def evaluate(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Score `prompts` on the examples of `on`."""
    if len(inputs.prompts) and not len(inputs.on):
        raise NodeError("there are no examples to score on", where=context.path, hint="`on` is an empty set: check the data")
    return Outputs(scores=await context.score(inputs.prompts, inputs.on, repeats=params.repeats))
