"""95% confidence intervals of a mean, and of a paired difference of two means.

Shares of right answers get Wilson's interval, which is sound at 0, at 1 and with few examples. Other values get Student's t.
Other values that are all equal get no interval: a few equal values do not show that all others are equal. Two prompts on the
same examples are compared in pairs, which is far sharper than comparing two intervals. Unknown numbers are None, never NaN,
since a report is JSON.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Interval", "bounded", "mean_interval", "paired_interval"]

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
_T = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706)
"""The 97.5 % points of Student's t with 1 to 5 degrees of freedom. Beyond, a series in 1/df is right to three digits."""

_EQUAL = 1e-12
"""Differences below this, or below this share of the mean, are rounding errors."""


class Interval(NamedTuple):
    """A mean with its 95% confidence interval."""

    mean: float | None
    """The mean; None without values."""
    low: float | None
    """Lower end; None when it is not known, as for equal values other than 0 and 1."""
    high: float | None
    """Upper end."""
    n: int
    """Number of values."""


def mean_interval(values: Sequence[float], *, shares: bool = True) -> Interval:
    """The mean of `values` with Wilson's interval when all are 0 or 1, else Student's.

    Without `shares`, 0 and 1 are ordinary values of a metric on another scale.

    >>> tuple(round(end, 3) for end in mean_interval([1.0] * 9 + [0.0])[:3])
    (0.9, 0.596, 0.982)
    """
    n = len(values)
    if not n:
        return Interval(None, None, None, 0)
    if shares and all(value in (0.0, 1.0) for value in values):
        return _wilson(sum(values), n)
    return _student(values)


def bounded(interval: Interval, least: float, most: float) -> Interval:
    """`interval` without what lies outside a scale: Student's interval does not know its ends.

    >>> bounded(Interval(0.9, 0.7, 1.1, 5), 0.0, 1.0)
    Interval(mean=0.9, low=0.7, high=1.0, n=5)
    """
    low = None if interval.low is None else max(interval.low, least)
    return interval._replace(low=low, high=None if interval.high is None else min(interval.high, most))


def paired_interval(a: Sequence[float], b: Sequence[float], *, shares: bool = True) -> Interval:
    """The mean of `b - a` on the same examples, pair by pair; see `mean_interval`.

    For values 0 and 1 it is Bonett and Price's interval (2012), which keeps a width when no pair differs.

    >>> paired_interval([0.0, 0.0, 1.0], [1.0, 1.0, 1.0]).mean
    0.6666666666666666
    """
    if len(a) != len(b):
        raise ValueError(f"pairs need two sequences of equal length, not {len(a)} and {len(b)}")
    differences = [after - before for before, after in zip(a, b, strict=True)]
    n = len(differences)
    if not n:
        return Interval(None, None, None, 0)
    if not shares or not all(value in (0.0, 1.0) for value in (*a, *b)):
        return _student(differences)
    up = (differences.count(1.0) + 1) / (n + 2)
    down = (differences.count(-1.0) + 1) / (n + 2)
    middle, half = up - down, Z * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    return Interval(sum(differences) / n, max(-1.0, middle - half), min(1.0, middle + half), n)


def _wilson(right: float, n: int) -> Interval:
    share, square = right / n, Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    # At 0 and 1 the bound is exact; the formula would be off by a rounding error.
    return Interval(share, 0.0 if not right else middle - half, 1.0 if right == n else middle + half, n)


def _student(values: Sequence[float]) -> Interval:
    n = len(values)
    mean = math.fsum(values) / n
    if max(values) - min(values) <= _EQUAL * max(1.0, abs(mean)):
        return Interval(mean, None, None, n)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = _t(n - 1) * deviation / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def _t(freedom: int) -> float:
    """The 97.5 % point of Student's t (Abramowitz and Stegun 26.7.5)."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    return (
        Z
        + (Z**3 + Z) / (4 * freedom)
        + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
        + (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / (384 * freedom**3)
    )
