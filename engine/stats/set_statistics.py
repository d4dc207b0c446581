"""Statistics of a whole set of answers: macro-F1, balanced accuracy, Matthews correlation, Spearman, Pearson.

Each takes pairs of the right answer and the answer that was read; both are labels or numbers as text. An empty answer is an
unreadable reply. Among labels it is a class of its own, which is never right. Among numbers it counts as the right answer that
is farthest from the true one. So an unreadable reply is wrong and never left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from promptwire.stats.label_counts import LabelCounts

__all__ = ["STATISTICS", "Pairs", "SetStatistic", "statistic_of"]

Pairs = Sequence[tuple[str, str]]
"""The right answer and the answer read, example by example; the latter is empty for an unreadable reply."""


@dataclass(frozen=True, slots=True)
class SetStatistic:
    """A statistic of a set of answers, which is not the mean of values of single answers."""

    name: str
    """Name in task files and pipelines."""
    doc: str
    """What it measures, in a sentence."""
    of: Callable[[Pairs], float]
    """The statistic. 0 where it is undefined, as a correlation with a constant is."""
    scale: tuple[float, float]
    """Lowest and highest value."""
    counted: Callable[[LabelCounts], float] | None = None
    """The same from counts of labels; None when it compares numbers."""

    @property
    def graded(self) -> bool:
        """Whether it compares numbers; otherwise it compares labels."""
        return self.counted is None


def macro_f1(counts: LabelCounts) -> float:
    """Mean F1 over the labels that occur among the right answers.

    >>> macro_f1(LabelCounts.of({("a", "a"): 1, ("a", "b"): 1, ("b", "b"): 1, ("b", ""): 1}))
    0.5833333333333333
    """
    right, truths, answers = counts.right, counts.truths, counts.answers
    shares = (2 * right.get(label, 0) / (count + answers.get(label, 0)) for label, count in truths.items())
    return math.fsum(shares) / (len(truths) or 1)


def balanced_accuracy(counts: LabelCounts) -> float:
    """Mean recall over the labels that occur among the right answers.

    >>> balanced_accuracy(LabelCounts.of({("a", "a"): 2, ("a", "b"): 1, ("b", "b"): 1}))
    0.8333333333333333
    """
    shares = (counts.right.get(label, 0) / count for label, count in counts.truths.items())
    return math.fsum(shares) / (len(counts.truths) or 1)


def matthews(counts: LabelCounts) -> float:
    """Matthews correlation coefficient for two or more classes (Gorodkin 2004).

    >>> matthews(LabelCounts.of({("a", "a"): 1, ("b", "b"): 1})), matthews(LabelCounts.of({("a", "a"): 1, ("b", "a"): 1}))
    (1.0, 0.0)
    """
    truths, answers = counts.truths, counts.answers
    n = sum(truths.values())
    both = sum(counts.right.values()) * n - sum(count * answers.get(label, 0) for label, count in truths.items())
    spread = (n * n - sum(count * count for count in answers.values())) * (
        n * n - sum(count * count for count in truths.values())
    )
    return both / math.sqrt(spread) if spread > 0 else 0.0


def _of_pairs(statistic: Callable[[LabelCounts], float]) -> Callable[[Pairs], float]:
    def of(pairs: Pairs) -> float:
        return statistic(LabelCounts.of(Counter(pairs)))

    return of


def pearson(pairs: Pairs) -> float:
    """Pearson's correlation of the numbers.

    >>> pearson([("1", "2"), ("2", "4"), ("3", "6")])
    1.0
    """
    return _correlation(*_numbers(pairs))


def spearman(pairs: Pairs) -> float:
    """Spearman's rank correlation of the numbers; equal numbers share their mean rank.

    >>> spearman([("1", "1"), ("2", "10"), ("3", "100")])
    1.0
    """
    truths, answers = _numbers(pairs)
    return _correlation(_ranks(truths), _ranks(answers))


_LABELS = (
    ("macro-f1", "Mean F1 over the labels, each with the same weight.", macro_f1, (0.0, 1.0)),
    (
        "balanced-accuracy",
        "Mean share of right answers over the labels, each with the same weight.",
        balanced_accuracy,
        (0.0, 1.0),
    ),
    ("matthews", "Matthews correlation between answers and right labels.", matthews, (-1.0, 1.0)),
)
STATISTICS: Mapping[str, SetStatistic] = {
    found.name: found
    for found in (
        *(SetStatistic(name, doc, _of_pairs(counted), scale, counted) for name, doc, counted, scale in _LABELS),
        SetStatistic("spearman", "Rank correlation between answers and right numbers.", spearman, (-1.0, 1.0)),
        SetStatistic("pearson", "Linear correlation between answers and right numbers.", pearson, (-1.0, 1.0)),
    )
}
"""All statistics, by name."""


def statistic_of(metric: str) -> SetStatistic | None:
    """The statistic of the metric called `metric`; None when a prompt's score is the mean of its values.

    A metric such as `macro-f1/choice` names the metric that reads the answers after a slash.
    """
    return STATISTICS.get(metric.partition("/")[0])


def _numbers(pairs: Pairs) -> tuple[list[float], list[float]]:
    truths = [float(truth) for truth, _ in pairs]
    low, high = min(truths, default=0.0), max(truths, default=0.0)
    answers = [
        float(answer) if answer else (high if high - truth > truth - low else low)
        for truth, (_, answer) in zip(truths, pairs, strict=True)
    ]
    return truths, answers


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    n = len(one)
    if n < 2 or min(one) == max(one) or min(other) == max(other):
        return 0.0
    # Scaled to a largest magnitude of 1: squares of large or of tiny numbers would leave the range of a float.
    mine, theirs = _centred(one), _centred(other)
    spread = math.sqrt(math.fsum(x * x for x in mine) * math.fsum(y * y for y in theirs))
    shared = math.fsum(x * y for x, y in zip(mine, theirs, strict=True))
    return min(1.0, max(-1.0, shared / spread)) if spread else 0.0


def _centred(values: Sequence[float]) -> list[float]:
    largest = max(map(abs, values))
    scaled = [value / largest for value in values]
    mean = math.fsum(scaled) / len(scaled)
    off = [value - mean for value in scaled]
    most = max(map(abs, off))
    return [value / most for value in off] if most else off


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks of `values`, from 1; equal values share their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks
