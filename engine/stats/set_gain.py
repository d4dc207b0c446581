"""95% intervals of scores that are no mean, such as macro-F1 or a correlation, and the test of a gain on the same examples.

All errors are those of `promptwire.stats.set_jackknife`. The p-value of a gain is the level at which its interval ends at 0. So
the two always agree. The interval of one prompt's score is symmetric on a scale without ends: the artanh of the score stretched
to -1 to 1, which is Fisher's for correlations. So it never leaves the score's own scale. That of a gain in a correlation
is made of two of those; see `promptwire.stats.correlation_gain`. docs/statistics.md has false alarms and misses by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from promptwire.stats.clustered import FEWEST_GROUPS, clustered
from promptwire.stats.correlation_gain import LARGEST, Correlations, correlation_gain
from promptwire.stats.intervals import Interval
from promptwire.stats.prompt_score import rows_score
from promptwire.stats.set_jackknife import Groups, Spread, label_spread, number_contributions, parts_of
from promptwire.stats.set_statistics import SetStatistic, statistic_of
from promptwire.stats.sign_flip import sign_flip
from promptwire.stats.student import quantile, two_sided
from promptwire.values import Row

__all__ = ["IMAGINED_GAIN", "IMAGINED_SCORE", "Groups", "SetGain", "bounded", "score_interval", "set_gain"]

IMAGINED_SCORE: Final = 0.5
IMAGINED_GAIN: Final = 0.25
"""Weight of the imagined examples, in each direction. By simulation: without them up to 15 % of all intervals miss."""


class SetGain(NamedTuple):
    """The gain of one prompt over another, with its error."""

    mean: float
    """Score of the second prompt less that of the first."""
    low: float | None = None
    """Lower end of the 95% interval; None when it is not known."""
    high: float | None = None
    """Upper end."""
    p: float | None = None
    """Two-sided p-value of no gain."""
    error: float | None = None
    """Standard error."""
    freedom: float | None = None
    """Degrees of freedom of the error."""


def score_interval(rows: Sequence[Row], metric: str, groups: Groups = None) -> Interval:
    """The score of `rows` by the metric called `metric`, with its interval; none below `FEWEST_GROUPS` examples or groups."""
    n, statistic = len(rows), _statistic(metric)
    if not rows:
        return Interval(None, None, None, 0)
    score = rows_score(rows, metric)
    if _units(n, groups) < FEWEST_GROUPS:
        return Interval(score, None, None, n)
    if statistic.counted is None:
        parts = parts_of(n, groups)
        found = clustered(number_contributions(rows, metric, parts), parts)
        spread = Spread(score, found.error or 0.0, found.freedom)
    else:
        spread = label_spread([rows], statistic.counted, groups, IMAGINED_SCORE)
    if not spread.error or spread.freedom is None:
        return Interval(score, None, None, n)
    low, high = bounded(spread, statistic.scale, quantile(0.975, spread.freedom))
    return Interval(score, min(low, score), max(high, score), n)


def set_gain(before: Sequence[Row], after: Sequence[Row], metric: str, groups: Groups = None) -> SetGain:
    """The gain of `after` over `before`, rows of the same examples in one order, by the metric called `metric`.

    There is no error below `FEWEST_GROUPS` examples or groups. Raises ValueError without rows, and for a metric that is a mean.
    """
    statistic = _statistic(metric)
    if not before:
        raise ValueError("no rows have no gain")
    mean = rows_score(after, metric) - rows_score(before, metric)
    if _units(len(before), groups) < FEWEST_GROUPS:
        return SetGain(mean)
    if statistic.counted is None:
        return _of_numbers(mean, (before, after), metric, groups)
    found = label_spread((before, after), statistic.counted, groups, IMAGINED_GAIN)
    if not found.error or found.freedom is None:
        return _without_error(mean, groups)
    half, width = quantile(0.975, found.freedom) * found.error, statistic.scale[1] - statistic.scale[0]
    # The imagined examples draw the middle towards 0: a gain near the end of the scale could lie outside.
    low, high = max(-width, min(found.middle - half, mean)), min(width, max(found.middle + half, mean))
    return SetGain(mean, low, high, two_sided(found.middle / found.error, found.freedom), found.error, found.freedom)


def _of_numbers(mean: float, sides: tuple[Sequence[Row], Sequence[Row]], metric: str, groups: Groups) -> SetGain:
    """The gain in a correlation."""
    parts = parts_of(len(sides[0]), groups)
    first, second = (number_contributions(rows, metric, parts) for rows in sides)
    gains = clustered([after - before for before, after in zip(first, second, strict=True)], parts)
    if not gains.error or gains.freedom is None:
        return _without_error(mean, groups)
    one, two = ((clustered(values, parts).error or 0.0) ** 2 for values in (first, second))
    scores = rows_score(sides[0], metric), rows_score(sides[1], metric)
    covariance = (one + two - gains.error**2) / 2
    low, high, p = correlation_gain(Correlations(*scores, (one, two), covariance, gains.freedom))
    return SetGain(mean, low, high, p, gains.error, gains.freedom)


def _without_error(mean: float, groups: Groups) -> SetGain:
    """A gain that is the same everywhere. Groups are tested by their signs, as in the verdict on means."""
    if not mean:
        return SetGain(mean, p=1.0)
    return SetGain(mean, p=None if groups is None else sign_flip([mean] * len(set(groups))))


def _statistic(metric: str) -> SetStatistic:
    found = statistic_of(metric)
    if found is None:
        raise ValueError(f"{metric} is a mean of values")
    return found


def _units(n: int, groups: Groups) -> int:
    return n if groups is None else len(set(groups))


def bounded(found: Spread, scale: tuple[float, float], reach: float) -> tuple[float, float]:
    """Ends of an interval that is symmetric on a scale without ends."""
    centre, half = (scale[0] + scale[1]) / 2, (scale[1] - scale[0]) / 2
    place = max(-LARGEST, min(LARGEST, (found.middle - centre) / half))
    slack = reach * found.error / half / (1 - place * place)
    low, high = (math.tanh(math.atanh(place) + side * slack) for side in (-1, 1))
    return centre + half * low, centre + half * high
