"""Scores that are no mean, such as macro-F1, and their gains over several seeds: the crossed error of their contributions.

Each run has the same examples. What an example contributes to a score is its jackknife pseudo-value. Seeds and examples are
crossed as for a mean (see `promptwire.stats.crossed`). The imagined examples of `promptwire.stats.set_jackknife` add their part
of the error of one run. They are the same in all runs, so that part does not shrink with the number of seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance

from promptwire.stats.clustered import FEWEST_GROUPS
from promptwire.stats.crossed import crossed
from promptwire.stats.intervals import Interval
from promptwire.stats.prompt_score import contributions, rows_score
from promptwire.stats.set_gain import IMAGINED_GAIN, IMAGINED_SCORE, Groups, SetGain, bounded, score_interval, set_gain
from promptwire.stats.set_jackknife import Spread, label_spread
from promptwire.stats.set_statistics import statistic_of
from promptwire.stats.student import quantile, two_sided
from promptwire.values import Row

__all__ = ["seeds_gain", "seeds_score"]

Sides = tuple[Sequence[Row], ...]
"""Rows of one prompt, or of two prompts on the same examples in one order."""


def seeds_score(runs: Sequence[Sequence[Row]], metric: str, groups: Groups = None) -> Interval:
    """The mean score of `runs`, one of each seed on the same examples, by the metric called `metric`, with its interval.

    The metric is no mean of values; see `statistic_of`.
    """
    if len(runs) == 1:
        return score_interval(runs[0], metric, groups)
    mean, n, statistic = fmean(rows_score(rows, metric) for rows in runs), len(runs[0]), statistic_of(metric)
    spread = _spread([(rows,) for rows in runs], metric, groups, IMAGINED_SCORE)
    if statistic is None or spread is None or spread.freedom is None:
        return Interval(mean, None, None, n)
    low, high = bounded(spread, statistic.scale, quantile(0.975, spread.freedom))
    return Interval(mean, min(low, mean), max(high, mean), n)


def seeds_gain(runs: Sequence[tuple[Sequence[Row], Sequence[Row]]], metric: str, groups: Groups = None) -> SetGain:
    """The mean gain of the second rows of each seed over the first, with its interval and p-value."""
    if len(runs) == 1:
        return set_gain(*runs[0], metric, groups)
    mean = fmean(rows_score(after, metric) - rows_score(before, metric) for before, after in runs)
    spread, statistic = _spread(runs, metric, groups, IMAGINED_GAIN), statistic_of(metric)
    if spread is None or statistic is None:
        return SetGain(mean)
    if spread.freedom is None:
        return SetGain(mean, p=None if mean else 1.0)
    half, width = quantile(0.975, spread.freedom) * spread.error, statistic.scale[1] - statistic.scale[0]
    low, high = max(-width, min(spread.middle - half, mean)), min(width, max(spread.middle + half, mean))
    p = two_sided(spread.middle / spread.error, spread.freedom)
    return SetGain(mean, low, high, p, spread.error, spread.freedom)


def _spread(runs: Sequence[Sides], metric: str, groups: Groups, imagined: float) -> Spread | None:
    """The mean over seeds with its crossed error; None with too few examples or groups."""
    table = [_contributed(sides, metric) for sides in runs]
    statistic = statistic_of(metric)
    if groups is not None or statistic is None or statistic.counted is None:
        found = crossed(table, groups)
        return None if found.error is None else Spread(found.mean, found.error, found.freedom)
    if len(table[0]) < FEWEST_GROUPS:
        return None
    counted = statistic.counted
    spreads = [label_spread(sides, counted, None, imagined) for sides in runs]
    more = fmean(one.error**2 for one in spreads) - fmean(variance(row) / len(row) for row in table)
    freedom = fmean(one.freedom or len(table[0]) - 1 for one in spreads)
    found = crossed(table, imagined=(max(0.0, more), freedom))
    middle = fmean(one.middle for one in spreads)
    return None if found.error is None else Spread(middle, found.error, found.freedom)


def _contributed(sides: Sides, metric: str) -> list[float]:
    """What each example contributes to the score of one prompt, or to the gain of the second over the first."""
    values = [contributions(rows, metric) for rows in sides]
    if len(values) == 1:
        return values[0]
    return [math.fsum((after, -before)) for before, after in zip(*values, strict=True)]
