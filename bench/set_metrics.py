"""Simulated answers of two prompts for metrics over all answers: how often the gain's interval misses the true gain.

Labels: every label has its number of examples. A prompt has a share of right answers for each label. A few answers are
unreadable, and wrong ones lean to the first label. Numbers: grades of 1 to 5, answered with an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy

from promptwire.stats.prompt_score import rows_score
from promptwire.stats.set_gain import set_gain
from promptwire.values import Row

__all__ = ["LABELS", "SETS", "missed"]

LABELS = {
    "labels 50/50": ((0.5, 0.5), (0.65, 0.65), (0.8, 0.8)),
    "labels 80/20": ((0.8, 0.2), (0.85, 0.5), (0.9, 0.7)),
    "labels 50/25/15/10": ((0.5, 0.25, 0.15, 0.1), (0.8, 0.7, 0.5, 0.5), (0.85, 0.75, 0.7, 0.7)),
}
"""Shares of the labels, and for each the share of right answers of the first and of a better prompt."""
NOISE = (1.0, 0.6)
"""Deviation of the numbers that the first and a better prompt answer; that of the right ones is 1."""
SETS = (
    *(
        (metric, labels, n)
        for n in (40, 80, 120)
        for metric in ("macro-f1", "balanced-accuracy", "matthews")
        for labels in LABELS
    ),
    *((metric, "grades 1 to 5", n) for n in (40, 80) for metric in ("spearman", "pearson")),
)
"""Metrics, their examples, and the number of these."""
_ALIKE = 0.3
"""Share of examples on which both prompts give the same answer if they can."""
_UNREADABLE = 0.02
_MANY = 40_000
"""Examples that the true gain is measured on."""


def missed(metric: str, examples: str, n: int, repetitions: int, *, equal: bool, seed: int) -> float:
    """The share of intervals that miss the true gain; where the prompts are equal, each is a false alarm."""
    rng = numpy.random.default_rng(seed)
    true = 0.0 if equal else _gain(_sides(rng, examples, _MANY, equal=equal), metric)
    misses = 0
    for _ in range(repetitions):
        found = set_gain(*_sides(rng, examples, n, equal=equal), metric)
        misses += found.low is not None and found.high is not None and not found.low <= true <= found.high
    return misses / repetitions


def _gain(sides: tuple[list[Row], list[Row]], metric: str) -> float:
    return rows_score(sides[1], metric) - rows_score(sides[0], metric)


def _sides(rng: Any, examples: str, n: int, *, equal: bool) -> tuple[list[Row], list[Row]]:
    """Rows of both prompts for the same examples."""
    made = list(_labelled(rng, examples, n, equal) if examples in LABELS else _graded(rng, n, equal))
    first, second = ([_row(one[0], one[side]) for one in made] for side in (1, 2))
    return first, second


def _row(truth: str, answer: str) -> Row:
    return Row("", "", "", answer, float(truth == answer), bool(answer), truth=truth)


def _labelled(rng: Any, examples: str, n: int, equal: bool) -> Iterator[tuple[str, str, str]]:
    shares, first, second = LABELS[examples]
    for label, share in enumerate(shares):
        for draw in rng.random((round(share * n), 3)):
            other = draw[0] if draw[2] < _ALIKE else draw[1]
            better = first if equal else second
            yield str(label), _said(label, draw[0], first, len(shares)), _said(label, other, better, len(shares))


def _said(label: int, draw: float, right: Sequence[float], labels: int) -> str:
    """The answer at a place between 0 and 1: right answers first, then wrong ones, then unreadable ones."""
    if draw < right[label]:
        return str(label)
    if draw > 1 - _UNREADABLE:
        return ""
    others = [other for other in range(labels) if other != label]
    weights = [2.0 if other == 0 else 1.0 for other in others]
    place = (draw - right[label]) / (1 - _UNREADABLE - right[label]) * sum(weights)
    for other, weight in zip(others, weights, strict=True):
        place -= weight
        if place <= 0:
            return str(other)
    return str(others[-1])


def _graded(rng: Any, n: int, equal: bool) -> Iterator[tuple[str, str, str]]:
    true, shared, one, other = rng.normal(size=(4, n))
    noise = (NOISE[0], NOISE[0] if equal else NOISE[1])
    alike = _ALIKE**0.5 * shared
    first, second = (true + noise[side] * (alike + (1 - _ALIKE) ** 0.5 * own) for side, own in ((0, one), (1, other)))
    yield from zip(map(_grade, true), map(_grade, first), map(_grade, second), strict=True)


def _grade(value: float) -> str:
    """The grade of 1 to 5 at a place of a normal distribution."""
    return str(int(min(5, max(1, round(1.2 * value + 3)))))
