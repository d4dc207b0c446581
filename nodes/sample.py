"""sample: draw a minibatch of examples.

APE draws its demonstrations, ProTeGi a minibatch a round, OPRO its exemplars, PE2 hard examples. GEPA draws batches that go
through the data epoch by epoch. Contrastive reflection (Koh et al. 2026) shows an error beside the right answers that are
nearest to it. A set smaller than `n` is given whole and counted as `short`. `rest` holds the other examples.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence, Set
from typing import Literal

from pydantic import Field

from promptwire.bounds import Bound, Extent, Sizes
from promptwire.node import Context, node, require_wires
from promptwire.stats.word_overlap import overlap, words_of
from promptwire.values import Example, Examples, Model, Scores

__all__ = ["Inputs", "Outputs", "Params", "sample"]


class Inputs(Model):
    of: Examples
    """The examples to draw from."""
    scores: Scores | None = None
    """Scores on these examples; needed by `hard` and `weighted`."""
    like: Examples | None = None
    """Examples to compare with, such as the failures; needed by `near`. They are not drawn themselves by `near` and `apart`."""


class Params(Model):
    n: float = Field(gt=0)
    """Number of examples; below 1 a share of the set, rounded down but at least one example."""
    policy: Literal["random", "epoch", "hard", "weighted", "near", "apart"] = "random"
    """`random`: equal chances; `epoch`: each example once before any is repeated, over the rounds of all surrounding loops;
    `hard`: the lowest mean values, ties at random; `weighted`: a lower value has a higher chance; `near`: those whose inputs
    share the most words with one of `like`; `apart`: one after the other, the least like those drawn before and like `like`."""


class Outputs(Model):
    examples: Examples
    """The drawn examples, in the order of drawing."""
    rest: Examples
    """The other examples, in the written order."""


def bound(sizes: Sizes, params: Params) -> Bound:
    """The number that `n` means, and the rest."""
    given = sizes.of("of")
    few, many = (_share(params.n, size) for size in (given.least, given.most))
    rest = Extent(given.least - few, given.most if math.isinf(given.most) else given.most - many)
    if params.policy in ("near", "apart"):  # the examples of `like` are not drawn
        like = sizes.of("like").most
        few = min(few, max(0, given.least - like))
        rest = Extent(rest.least, max(rest.most, given.most - max(0, given.most - like)) if like < given.most else given.most)
    return Bound({"examples": Extent(few, many), "rest": rest})


def _share(n: float, available: float) -> float:
    if math.isinf(available):
        return available if n < 1 else int(n)
    return size_of(n, int(available))


def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
    """The wire that is missing: scores, or examples to compare with, for policies that use them."""
    if params.policy == "near" and "like" not in wired:
        return "policy 'near' needs `like`", "wire the examples to compare with"
    if params.policy in ("hard", "weighted") and "scores" not in wired:
        return f"policy {params.policy!r} needs `scores`", "wire the scores of an evaluate node"
    return "", ""


@node(bound=bound, lacks=lacks)
async def sample(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Draw `n` of the examples."""
    items = inputs.of.items
    require_wires(lacks, inputs, params, context)
    size = size_of(params.n, len(items))
    rng = context.rng("sample")
    if params.policy == "epoch":
        chosen = epoch_batch(items, size, context)
    elif params.policy in ("near", "apart"):
        chosen = by_likeness(items, inputs.like or Examples(), size, rng, apart=params.policy == "apart")
    elif params.policy == "random" or inputs.scores is None:
        chosen = rng.sample(items, size)
    else:
        chosen = by_difficulty(items, inputs.scores, rng, weighted=params.policy == "weighted")[:size]
    if params.n > len(items) or len(chosen) < size:
        context.count("short")
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


def by_likeness(items: Sequence[Example], like: Examples, size: int, rng: random.Random, *, apart: bool) -> list[Example]:
    """The examples most like one of `like`, the most alike first; with `apart`, each the least like `like` and those before it.

    Without `like`, the first of those that are apart is drawn. Equal likeness keeps the written order.
    """
    known = {example.id: words_of(example.text) for example in like.items}
    words = {example.id: words_of(example.text) for example in items}
    nearest = {
        example.id: max((overlap(words[example.id], other) for other in known.values()), default=0.0)
        for example in items
        if example.id not in known
    }
    left, found = [example for example in items if example.id in nearest], list[Example]()
    if not apart:
        return sorted(left, key=lambda example: -nearest[example.id])[:size]
    while left and len(found) < size:
        one = min(left, key=lambda example: nearest[example.id]) if found or known else rng.choice(left)
        found.append(one)
        left.remove(one)
        for example in left:
            nearest[example.id] = max(nearest[example.id], overlap(words[example.id], words[one.id]))
    return found


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
