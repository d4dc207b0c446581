"""The score of a prompt from its rows: the one place that makes one number of many values.

For most metrics it is the mean of the rows' values. For macro-F1, a correlation and the like it is a statistic of all rows
together; see `promptwire.stats.set_statistics`. Whatever ranks, compares or shows prompts takes their scores from here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import sub

from promptwire.stats.set_statistics import statistic_of
from promptwire.values import Prompt, Row, Scores

__all__ = [
    "contributions",
    "lead",
    "pairs_of",
    "rows_score",
    "scorable",
    "score_of",
    "score_scale",
    "values_lead",
    "values_score",
]


def rows_score(rows: Sequence[Row], metric: str = "") -> float:
    """The score of a prompt with these rows, of which there is at least one, by the metric called `metric`.

    >>> rows = [Row("p", str(place), "", "a", float(truth == "a"), truth=truth) for place, truth in enumerate("aab")]
    >>> round(rows_score(rows, "exact"), 3), round(rows_score(rows, "balanced-accuracy"), 3)
    (0.667, 0.5)
    """
    statistic = statistic_of(metric)
    return values_score([row.value for row in rows]) if statistic is None else statistic.of(pairs_of(rows))


def values_score(values: Sequence[float]) -> float:
    """The score of a prompt with these values, by a metric that is no statistic of all rows together."""
    return sum(values) / len(values)


def values_lead(mine: Sequence[float], theirs: Sequence[float]) -> float:
    """By how much the score of `mine` exceeds that of `theirs`, as `lead` of their rows, for such a metric."""
    return math.fsum(map(sub, mine, theirs)) / len(mine) if mine else 0.0


def scorable(rows: Sequence[Row], metric: str) -> bool:
    """Whether the score of `rows` can be made: rows that were read from a file may lack right answers, or have no numbers.

    >>> scorable([Row("p", "e", "", "a", 1.0)], "exact"), scorable([Row("p", "e", "", "a", 1.0)], "macro-f1")
    (True, False)
    """
    statistic = statistic_of(metric)
    if statistic is None:
        return True
    pairs = pairs_of(rows)
    if not all(truth for truth, _ in pairs):
        return False
    try:
        return not statistic.graded or all(math.isfinite(float(text)) for pair in pairs for text in pair if text)
    except ValueError:
        return False


def score_of(prompt: Prompt, scores: Scores) -> float | None:
    """The score of `prompt` in `scores`; None without rows that rank it (see `Scores.fair`)."""
    rows = scores.fair(prompt)
    return rows_score(rows, scores.metric) if rows else None


def score_scale(scores: Scores) -> tuple[float, float] | None:
    """Lowest and highest score of a prompt; None when it is not known. `Scores.scale` is that of single values."""
    statistic = statistic_of(scores.metric)
    return scores.scale if statistic is None else statistic.scale


def lead(mine: Sequence[Row], theirs: Sequence[Row], metric: str = "") -> float:
    """By how much the score of `mine` exceeds that of `theirs`: rows of two prompts on the same examples, in one order."""
    if not mine:
        return 0.0
    if statistic_of(metric) is None:
        return values_lead([row.value for row in mine], [row.value for row in theirs])
    return rows_score(mine, metric) - rows_score(theirs, metric)


def contributions(rows: Sequence[Row], metric: str = "") -> list[float]:
    """What each row contributes to the score: values whose mean is the score.

    For a mean they are the values themselves. For a statistic of all rows they are its jackknife pseudo-values (Tukey 1958), so
    that a test of means compares such scores too. Their mean is shifted to the score, from which it differs by the bias.
    """
    statistic = statistic_of(metric)
    if statistic is None:
        return [row.value for row in rows]
    n = len(rows)
    if n < 2:
        return [statistic.of(pairs_of(rows)) for _ in rows]
    whole = statistic.of(pairs_of(rows))
    without: dict[tuple[tuple[str, str], ...], float] = {}  # rows with equal answers contribute alike
    found = []
    for place, row in enumerate(rows):
        own = tuple(pairs_of([row]))
        if own not in without:
            without[own] = n * whole - (n - 1) * statistic.of(pairs_of([*rows[:place], *rows[place + 1 :]]))
        found.append(without[own])
    bias = math.fsum(found) / n - whole
    return [one - bias for one in found]


def pairs_of(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The right answer and the answer read of each reply; an unreadable reply has an empty answer."""
    return [(one.truth, one.answer if one.readable else "") for row in rows for one in row.repeats or (row,)]
