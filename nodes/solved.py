"""solved: keep the examples that scored prompts answer right.

The check of examples that a model wrote: the task model answers them, and where it does not agree with their output, one of
the two is wrong. `rest` holds the examples that prompts still fail on. An example counts by the mean of its values over all
scored prompts. Without any value it is not solved.
"""

from __future__ import annotations

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node
from promptwire.values import Examples, Model, Scores

__all__ = ["Inputs", "Outputs", "Params", "solved"]


class Inputs(Model):
    examples: Examples
    """The examples."""
    scores: Scores
    """Scores of prompts on them."""


class Params(Model):
    threshold: float | None = None
    """Lowest mean value of a solved example, in the metric's own unit; a right answer's when not set."""


class Outputs(Model):
    examples: Examples
    """The solved examples, in the written order."""
    rest: Examples
    """The others, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """Each example is in one of the two."""
    every = Extent(0, sizes.of("examples").most)
    return Bound({"examples": every, "rest": every})


@node(bound=bound, values=True)
async def solved(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Keep the examples that are answered right."""
    bar = inputs.scores.perfect if params.threshold is None else params.threshold
    values: dict[str, list[float]] = {}
    for row in inputs.scores.rows:
        values.setdefault(row.example, []).append(row.value)
    right = {example for example, found in values.items() if bar is not None and sum(found) / len(found) >= bar}
    items = inputs.examples.items
    context.count("not solved", sum(example.id not in right for example in items))
    return Outputs(
        examples=Examples(items=tuple(example for example in items if example.id in right)),
        rest=Examples(items=tuple(example for example in items if example.id not in right)),
    )
