"""Interval of the difference of two correlations with the same numbers, and the level at which it ends at 0.

A correlation near 1 has a skewed error. Its interval is symmetric on Fisher's scale (artanh), and the two intervals are joined
with the covariance of the correlations (Zou 2007).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from promptwire.stats.student import quantile, two_sided

__all__ = ["LARGEST", "Correlations", "correlation_gain"]

LARGEST: Final = 0.9999
"""Correlations beyond are taken as this one: Fisher's scale has no end."""
_FARTHEST: Final = 50.0
"""Number of errors beyond which no interval is asked for."""


class Correlations(NamedTuple):
    """Two correlations with their errors."""

    first: float
    second: float
    variances: tuple[float, float]
    """Squared standard errors."""
    covariance: float
    freedom: float
    """Degrees of freedom of the errors."""


def correlation_gain(found: Correlations) -> tuple[float, float, float]:
    """Ends of the 95% interval of second minus first, and the two-sided p-value of 0.

    >>> low, high, p = correlation_gain(Correlations(0.5, 0.5, (0.01, 0.01), 0.0, 39))
    >>> round(low + high, 6), p
    (0.0, 1.0)
    """
    low, high = _ends(found, quantile(0.975, found.freedom))
    near, far = 0.0, _FARTHEST
    if found.first == found.second:
        return low, high, 1.0
    for _ in range(60):
        middle = (near + far) / 2
        ends = _ends(found, middle)
        near, far = (near, middle) if ends[0] <= 0 <= ends[1] else (middle, far)
    return low, high, two_sided(far, found.freedom)


def _ends(found: Correlations, reach: float) -> tuple[float, float]:
    (low1, high1), (low2, high2) = (
        _fisher(one, variance, reach) for one, variance in zip((found.first, found.second), found.variances, strict=True)
    )
    product = math.prod(found.variances)
    shared = max(-1.0, min(1.0, found.covariance / math.sqrt(product))) if product > 0 else 0.0
    gain = found.second - found.first
    below = _joined(found.second - low2, high1 - found.first, shared)
    above = _joined(high2 - found.second, found.first - low1, shared)
    return gain - below, gain + above


def _fisher(correlation: float, variance: float, reach: float) -> tuple[float, float]:
    bounded = max(-LARGEST, min(LARGEST, correlation))
    middle, half = math.atanh(bounded), reach * math.sqrt(variance) / (1 - bounded * bounded)
    return min(correlation, math.tanh(middle - half)), max(correlation, math.tanh(middle + half))


def _joined(one: float, other: float, shared: float) -> float:
    return math.sqrt(max(0.0, one * one + other * other - 2 * shared * one * other))
