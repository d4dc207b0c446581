"""Splits examples in two: train and test, or train and dev.

A split depends only on the examples and on what it is for. A run's seed has no influence, so runs with different seeds are
compared on the same held-out examples. It is stratified where outputs are labels: each label has its share on both sides. By
chance alone a rare label can be missing from the smaller side, and then no score shows what a prompt does with it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from promptwire.errors import DataError
from promptwire.values import Example, Examples
from promptwire.values.hashing import stream

__all__ = ["split"]

_EXAMPLES_PER_LABEL = 5
"""Outputs are taken for labels when each stands for this many examples, in the mean."""


def split(examples: Examples, share: float, purpose: str) -> tuple[Examples, Examples]:
    """Split `examples` in two; the second part has `share` of them, each at least one.

    Both parts keep the order. Raises DataError when there are fewer than two examples.
    """
    if len(examples) < 2:
        raise DataError(f"{len(examples)} example can't be split into {purpose}", hint="give at least two examples")
    order = list(range(len(examples)))
    stream("split", purpose, [example.id for example in examples.items]).shuffle(order)
    size = min(max(1, round(len(order) * share)), len(order) - 1)
    second = _stratified([examples.items[index] for index in order], size)
    chosen = {order[place] for place in second}
    first = tuple(example for index, example in enumerate(examples.items) if index not in chosen)
    return Examples(items=first), Examples(items=tuple(examples.items[index] for index in sorted(chosen)))


def _stratified(shuffled: Sequence[Example], size: int) -> set[int]:
    """Places of `size` examples, of each label in proportion; the first places where outputs are no labels."""
    labels = [_label(example) for example in shuffled]
    counts = Counter(labels)
    if len(counts) * _EXAMPLES_PER_LABEL > len(labels):
        return set(range(size))
    left = _quotas(counts, size)
    chosen = set()
    for place, label in enumerate(labels):
        if left[label]:
            left[label] -= 1
            chosen.add(place)
    return chosen


def _label(example: Example) -> str:
    return " ".join(example.outputs[0].casefold().split()) if example.outputs else ""


def _quotas(counts: Counter[str], size: int) -> dict[str, int]:
    """How many of `size` each label gets, by largest remainder; of equal remainders, the label that comes first."""
    total = counts.total()
    exact = {label: size * count / total for label, count in counts.items()}
    quotas = {label: math.floor(wanted) for label, wanted in exact.items()}
    rest = sorted(exact, key=lambda label: quotas[label] - exact[label])[: size - sum(quotas.values())]
    return {label: quota + (label in rest) for label, quota in quotas.items()}
