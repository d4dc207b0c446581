"""Bootstrap intervals and a permutation test for scores that are no mean, such as macro-F1 and correlations.

Examples are drawn with replacement, each with the answers of both prompts, so that a gain is compared on the same examples.
Examples of each label are drawn apart: a draw without a rare label would have another score. Groups of examples are drawn
whole. The interval is corrected for bias and acceleration (BCa, Efron 1987), and for few examples by Student's distribution in
place of the normal one (Hesterberg 2015). All draws are seeded: equal rows give equal intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from statistics import NormalDist
from typing import Final, NamedTuple

from promptwire.stats.intervals import Interval
from promptwire.stats.prompt_score import rows_score
from promptwire.stats.set_statistics import statistic_of
from promptwire.stats.student import quantile
from promptwire.values import Row
from promptwire.values.hashing import stream

__all__ = ["FEWEST_UNITS", "Groups", "Swapped", "gain_interval", "score_interval", "swap_test"]

FEWEST_UNITS: Final = 5
"""Fewest examples, or groups of examples, for an interval or a test."""
_DRAWS: Final = 2_000
_FEWEST_DRAWS: Final = 400
_WORK: Final = 2_000_000
"""Most rows that are drawn in all; with many examples fewer draws are enough for the same precision."""
_LEFT_OUT: Final = 200
"""Most parts of the examples that are left out in turn for the acceleration."""
_EQUAL: Final = 1e-12
_POWER: Final = 0.8416212335729143
"""The 80 % point of the normal distribution."""
_NORMAL = NormalDist()

Groups = Sequence[Hashable] | None
"""The group of each row; None for examples that are independent."""
Statistic = Callable[[Sequence[int]], float | None]
"""A statistic of the rows at these places, of which some may be there several times; None where it is undefined."""


class Swapped(NamedTuple):
    """Result of a swap test."""

    p: float
    """Two-sided p-value of the gain."""
    smallest: float | None
    """The smallest gain that these examples could have shown, in 80 % of all cases; None when they can't show any."""


def score_interval(rows: Sequence[Row], metric: str, groups: Groups = None) -> Interval:
    """The score of `rows` by the metric called `metric`, with its 95% interval."""
    return _interval(lambda places: _defined([rows[place] for place in places], metric), _strata(rows, metric, groups))


def gain_interval(before: Sequence[Row], after: Sequence[Row], metric: str, groups: Groups = None) -> Interval:
    """The score of `after` less that of `before`, rows of the same examples in one order, with its 95% interval."""

    def gain(places: Sequence[int]) -> float | None:
        first = _defined([before[place] for place in places], metric)
        second = _defined([after[place] for place in places], metric)
        return None if first is None or second is None else second - first

    return _interval(gain, _strata(before, metric, groups))


def swap_test(before: Sequence[Row], after: Sequence[Row], metric: str, groups: Groups = None) -> Swapped | None:
    """Test whether the gain is due to chance; None with too few examples or groups.

    The answers of both prompts are swapped on drawn examples, as if the prompts were equal. The share of draws with a gain as
    large as the observed one is the p-value.
    """
    units = _units(len(before), groups)
    if len(units) < FEWEST_UNITS:
        return None
    draw, draws = stream("swap", metric, len(before)), _draws(len(before))
    observed = abs(rows_score(after, metric) - rows_score(before, metric))
    gains = [observed]  # the observed answers are one of the possible swaps
    for _ in range(draws):
        one, other = list(before), list(after)
        for places in units:
            if draw.random() < 0.5:
                for place in places:
                    one[place], other[place] = other[place], one[place]
        gains.append(abs(rows_score(other, metric) - rows_score(one, metric)))
    return Swapped(sum(gain >= observed - _EQUAL for gain in gains) / len(gains), _smallest(gains))


def _smallest(gains: Sequence[float]) -> float | None:
    """The smallest gain that is shown in 80 % of all cases, given sizes of gains by chance."""
    found = sorted(gains)
    critical = found[math.ceil(0.95 * len(found)) - 1]
    if critical >= found[-1] - _EQUAL:
        return None  # even the largest gain is not rare by chance
    return critical + _POWER * math.sqrt(math.fsum(gain * gain for gain in found) / len(found))


def _defined(rows: Sequence[Row], metric: str) -> float | None:
    """The score; None for a correlation when all right answers are the same, as in some draws of few examples."""
    statistic = statistic_of(metric)
    if not rows or (statistic is not None and statistic.scale[0] < 0 and len({row.truth for row in rows}) < 2):
        return None
    return rows_score(rows, metric)


def _units(n: int, groups: Groups) -> list[list[int]]:
    """Places of the rows that are drawn together."""
    if groups is None:
        return [[place] for place in range(n)]
    found: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        found.setdefault(group, []).append(place)
    return list(found.values())


def _strata(rows: Sequence[Row], metric: str, groups: Groups) -> list[list[list[int]]]:
    """The units that are drawn apart: those of each right label. Numbers and groups are drawn from all."""
    statistic, units = statistic_of(metric), _units(len(rows), groups)
    if groups is not None or statistic is None or statistic.graded:
        return [units]
    found: dict[str, list[list[int]]] = {}
    for (place,) in units:
        found.setdefault(rows[place].truth, []).append([place])
    return list(found.values())


def _draws(n: int) -> int:
    return max(_FEWEST_DRAWS, min(_DRAWS, _WORK // n))


def _interval(statistic: Statistic, strata: Sequence[Sequence[Sequence[int]]]) -> Interval:
    """The statistic of all examples and its interval; no interval with few examples, or where all draws give the same."""
    units = [unit for stratum in strata for unit in stratum]
    n = sum(map(len, units))
    if not n:
        return Interval(None, None, None, 0)
    whole, draw, draws = statistic(_places(units)), stream("bootstrap", n, len(units)), _draws(n)
    if whole is None or len(units) < FEWEST_UNITS:
        return Interval(whole or 0.0, None, None, n)
    drawn = (
        statistic(_places(unit for stratum in strata for unit in draw.choices(stratum, k=len(stratum)))) for _ in range(draws)
    )
    found = sorted(one for one in drawn if one is not None)
    if 2 * len(found) < draws or found[-1] - found[0] <= _EQUAL:
        return Interval(whole, None, None, n)
    # Half of the ties lie below: a statistic of few examples has few values.
    below = sum(one < whole - _EQUAL for one in found) + sum(abs(one - whole) <= _EQUAL for one in found) / 2
    bias = _NORMAL.inv_cdf(min(max(below, 0.5), len(found) - 0.5) / len(found))
    reach = quantile(0.975, len(units) - 1) * math.sqrt(len(units) / (len(units) - 1))
    acceleration = _acceleration(statistic, units)
    low, high = (_end(found, bias + z, bias, acceleration) for z in (-reach, reach))
    return Interval(whole, low, high, n)


def _places(units: Iterable[Sequence[int]]) -> list[int]:
    return [place for unit in units for place in unit]


def _acceleration(statistic: Statistic, units: Sequence[Sequence[int]]) -> float:
    """A sixth of the skewness of the jackknife, with parts of the examples left out in turn."""
    parts = min(len(units), _LEFT_OUT)
    left = (statistic(_places(unit for place, unit in enumerate(units) if place % parts != part)) for part in range(parts))
    values = [one for one in left if one is not None]
    mean = math.fsum(values) / (len(values) or 1)
    off = [mean - value for value in values]
    second = math.fsum(one * one for one in off)
    return math.fsum(one**3 for one in off) / (6 * second**1.5) if second > 0 else 0.0


def _end(found: Sequence[float], z: float, bias: float, acceleration: float) -> float:
    """The value among the sorted `found` at the corrected place of `z`."""
    shrunk = max(1 - acceleration * z, 0.05)  # an extreme acceleration would turn the ends round
    place = _NORMAL.cdf(bias + z / shrunk) * (len(found) - 1)
    low = int(place)
    high = min(low + 1, len(found) - 1)
    return found[low] + (place - low) * (found[high] - found[low])
