"""Splits examples in two: train and test, or train and dev.

A split depends only on the examples and on what it is for. A run's seed has no influence, so runs with different seeds are
compared on the same held-out examples. It is stratified where outputs are labels: each label has its share on both sides. By
chance alone a rare label can be missing from the smaller side, and then no score shows what a prompt does with it. Examples of
one group, such as questions about one document, stay together: seen and unseen examples must not share what makes them alike.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from promptwire.errors import DataError
from promptwire.values import Example, Examples
from promptwire.values.hashing import stream

__all__ = ["group_of", "split"]

_EXAMPLES_PER_LABEL = 5
"""Outputs are taken for labels when each stands for this many examples, in the mean."""


def group_of(example: Example, column: str) -> str:
    """Name of the group of `example`, from the `column` of its data. Raises KeyError without that column."""
    fields = example.input if isinstance(example.input, dict) else {}
    name = example.meta[column] if column in example.meta else fields[column]
    return "" if name is None else str(name)


def split(examples: Examples, share: float, purpose: str, *, group: str | None = None) -> tuple[Examples, Examples]:
    """Split `examples` in two; the second part has `share` of them, each at least one. Groups stay whole.

    `group` names the column that holds an example's group. Both parts keep the order. Raises DataError when there are fewer
    than two examples or groups.
    """
    if len(examples) < 2:
        raise DataError(f"{len(examples)} example can't be split into {purpose}", hint="give at least two examples")
    order = list(range(len(examples)))
    stream("split", purpose, [example.id for example in examples.items]).shuffle(order)
    size = min(max(1, round(len(order) * share)), len(order) - 1)
    shuffled = [examples.items[index] for index in order]
    second = _stratified(shuffled, size) if group is None else _whole_groups(shuffled, size, group)
    if not second:
        hint = f"give examples of at least two groups, or a file with {purpose} examples"
        raise DataError(f"all examples are of one group, so they can't be split into {purpose}", hint=hint)
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


def _whole_groups(shuffled: Sequence[Example], size: int, column: str) -> set[int]:
    """Places of about `size` examples, in whole groups, of each label about in proportion; empty for a single group.

    A group is taken when it brings the number of examples of each label closer to what is wanted. Large groups come first,
    since small ones fill what is left.
    """
    groups: dict[str, list[int]] = {}
    for place, example in enumerate(shuffled):
        groups.setdefault(group_of(example, column), []).append(place)
    labels = [_label(example) for example in shuffled]
    if len(set(labels)) * _EXAMPLES_PER_LABEL > len(labels):
        labels = [""] * len(labels)
    wanted = {label: size * count / len(labels) for label, count in Counter(labels).items()}
    chosen: set[int] = set()
    order = sorted(groups.values(), key=len, reverse=True)
    for places in order:
        own = Counter(labels[place] for place in places)
        if sum(abs(wanted[label] - n) - abs(wanted[label]) for label, n in own.items()) < 0:
            wanted = {label: left - own[label] for label, left in wanted.items()}
            chosen.update(places)
    if not chosen and len(order) > 1:
        return set(order[-1])
    return chosen if len(chosen) < len(shuffled) else chosen - set(order[-1])


def _label(example: Example) -> str:
    return " ".join(example.outputs[0].casefold().split()) if example.outputs else ""


def _quotas(counts: Counter[str], size: int) -> dict[str, int]:
    """How many of `size` each label gets, by largest remainder; of equal remainders, the label that comes first."""
    total = counts.total()
    exact = {label: size * count / total for label, count in counts.items()}
    quotas = {label: math.floor(wanted) for label, wanted in exact.items()}
    rest = sorted(exact, key=lambda label: quotas[label] - exact[label])[: size - sum(quotas.values())]
    return {label: quota + (label in rest) for label, quota in quotas.items()}
