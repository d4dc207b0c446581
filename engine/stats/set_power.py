"""How small a gain in a score that is no mean some examples can show, and how many a gain needs, before any are answered.

As for shares of right answers (see `promptwire.stats.power`), 20 % of the examples of each label are taken to be right with one
prompt and wrong with the other, as many either way. 70 % are right with both. All wrong answers to a label are one other label.
The error is then that of the verdict. Correlations are taken to be 0.5, also that of the numbers of both prompts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from promptwire.stats.clustered import FEWEST_GROUPS
from promptwire.stats.power import DISCORDANT, LEVEL, POWER, smallest_shift
from promptwire.stats.set_gain import IMAGINED_GAIN
from promptwire.stats.set_jackknife import Kind, weighted_spread
from promptwire.stats.set_statistics import statistic_of

__all__ = ["set_examples_needed", "smallest_set_gain"]

_RIGHT: Final = 0.7
"""Share of examples that both prompts get right."""
_CORRELATION: Final = 0.5


def smallest_set_gain(metric: str, truths: Sequence[str]) -> float | None:
    """The smallest gain in the `metric` that examples with the right answers `truths` show; None when they can't show any.

    >>> smallest_set_gain("macro-f1", "ab" * 60) < smallest_set_gain("macro-f1", "aaaaab" * 20)
    True
    """
    statistic = statistic_of(metric)
    if statistic is None or len(truths) < FEWEST_GROUPS or len(set(truths)) < 2:
        return None
    found = smallest_shift(*_error(metric, truths))
    return found if found < statistic.scale[1] - statistic.scale[0] else None


def set_examples_needed(metric: str, truths: Sequence[str], gain: float) -> int:
    """Examples with the labels of `truths` in their proportion that show a `gain` in the `metric`."""
    return math.ceil(len(truths) * ((LEVEL + POWER) * _error(metric, truths)[0] / gain) ** 2)


def _error(metric: str, truths: Sequence[str]) -> tuple[float, float]:
    """Standard error of a gain, and its degrees of freedom."""
    statistic, n = statistic_of(metric), len(truths)
    if statistic is None or statistic.counted is None:
        return math.sqrt(2 * (1 - _CORRELATION) / n) * (1 - _CORRELATION**2), n - 1
    found = weighted_spread(dict(_assumed(Counter(truths))), statistic.counted, IMAGINED_GAIN)
    return found.error, found.freedom or 1.0


def _assumed(sizes: Counter[str]) -> Iterator[tuple[Kind, float]]:
    """Kinds of examples and how many there are of each."""
    labels = list(sizes)
    others = [*labels[1:], labels[0]] if len(labels) > 1 else [""]
    for label, other in zip(labels, others, strict=True):
        right, wrong, size = ((label, label),), ((label, other),), sizes[label]
        yield (label, (right, right)), _RIGHT * size
        yield (label, (right, wrong)), DISCORDANT / 2 * size
        yield (label, (wrong, right)), DISCORDANT / 2 * size
        yield (label, (wrong, wrong)), (1 - _RIGHT - DISCORDANT) * size
