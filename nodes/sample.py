"""sample: draw a minibatch of examples.

APE draws its demonstrations, ProTeGi a minibatch a round, OPRO its exemplars, PE2 hard examples. GEPA draws batches that go
through the data epoch by epoch. A set smaller than `n` is given whole and counted as `short`. `rest` holds the other examples.
"""

from __future__ import annotations

import math
import random
from collections.abc import Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node, require_wires
from promptwire.values import Example, Examples, Model, Scores

__all__ = ["Inputs", "Outputs", "Params", "sample"]


class Inputs(Model):
    of: Examples
    """The examples to draw from."""
    scores: Scores | None = None
    """Scores on these examples; needed by `hard` and `weighted`."""


class Params(Model):
    n: float = Field(gt=0)
    """Number of examples; below 1 a share of the set, rounded down but at least one example."""
    policy: Literal["random", "epoch", "hard", "weighted"] = "random"
    """`random`: equal chances; `epoch`: each example once before any is repeated, over the rounds of all surrounding loops;
    `hard`: the lowest mean values, ties at random; `weighted`: a lower value has a higher chance."""


class Outputs(Model):
    examples: Examples
    """The drawn examples, in the order of drawing."""
    rest: Examples
    """The other examples, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """The number that `n` means, and the rest."""
    given = sizes.of("of")
    few, many = (_share(params.n, size) for size in (given.least, given.most))
    return Bound(
        {
            "examples": Extent(few, many),
            "rest": Extent(given.least - few, given.most if math.isinf(given.most) else given.most - many),
        }
    )


def _share(n: float, available: float) -> float:
    if math.isinf(available):
        return available if n < 1 else int(n)
    return size_of(n, int(available))


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """The wire that is missing: scores, for policies that use them."""
    if params.policy in ("hard", "weighted") and "scores" not in wired:
        return f"policy {params.policy!r} needs `scores`", "wire the scores of an evaluate node"
    return "", ""


@node(bound=bound, lacks=lacks)
async def sample(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Draw `n` of the examples."""
    items = inputs.of.items
    require_wires(lacks, inputs, params, context)
    size = size_of(params.n, len(items))
    if params.n > len(items):
        context.count("short")
    rng = context.rng("sample")
    if params.policy == "epoch":
        chosen = epoch_batch(items, size, context)
    elif params.policy == "random" or inputs.scores is None:
        chosen = rng.sample(items, size)
    else:
        chosen = by_difficulty(items, inputs.scores, rng, weighted=params.policy == "weighted")[:size]
    drawn = {example.id for example in chosen}
    return Outputs(
        examples=Examples(items=tuple(chosen)),
        rest=Examples(items=tuple(example for example in items if example.id not in drawn)),
    )


def size_of(n: float, available: int) -> int:
    """How many examples `n` means: a count, or below 1 a share."""
    return min(available, max(1, int(n * available)) if n < 1 else int(n))


def epoch_batch(items: tuple[Example, ...], size: int, context: Context) -> list[Example]:
    """The batch of this turn, out of an order that is fixed for an epoch; its start fills up the last batch.

    The order of an epoch comes from a generator that is the same in each of its turns. A turn is a round of any loop around.
    """
    if not size:
        return []
    epoch, batch = divmod(context.turn, math.ceil(len(items) / size))
    order = context.rng("epoch", epoch, steady=True).sample(items, len(items))
    return [order[(batch * size + index) % len(order)] for index in range(size)]


def by_difficulty(items: tuple[Example, ...], scores: Scores, rng: random.Random, *, weighted: bool) -> list[Example]:
    """The examples, hardest first; with `weighted`, drawn without replacement by difficulty.

    An example without a score counts as right, because its difficulty is unknown.
    """
    found: dict[str, list[float]] = {}
    for row in scores.rows:
        found.setdefault(row.example, []).append(row.value)
    means = {example: sum(values) / len(values) for example, values in found.items()}
    top = max(means.values(), default=0.0) if scores.perfect is None else scores.perfect
    lost = {example.id: max(0.0, top - means.get(example.id, top)) for example in items}
    keys: dict[str, tuple[float, float]] = {}
    for example in items:
        chance = rng.random()
        # Efraimidis and Spirakis: the largest log(u) / weight are a weighted draw without replacement.
        drawn = math.log(chance or 1e-300) / lost[example.id] if lost[example.id] else -math.inf
        keys[example.id] = (drawn if weighted else lost[example.id], chance)
    return sorted(items, key=lambda example: keys[example.id], reverse=True)
