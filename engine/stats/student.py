"""Student's t distribution: tail probability and quantile, for any number of degrees of freedom, whole or not.

The continued fraction of the incomplete beta function is exact to many digits. A table would fix the level. A statistics
library is a large dependency for two numbers.
"""

from __future__ import annotations

import math

__all__ = ["quantile", "two_sided", "upper_tail"]

_STEPS = 300
_CLOSE = 1e-14
_TINY = 1e-300
_FAR = 1e9
"""No quantile that is asked for lies beyond."""


def upper_tail(t: float, freedom: float) -> float:
    """Probability of a value above `t`.

    >>> round(upper_tail(1.8125, 10), 4)
    0.05
    """
    tail = _beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return tail if t >= 0 else 1 - tail


def two_sided(t: float, freedom: float) -> float:
    """Probability of a value at least as far from 0 as `t`."""
    return min(1.0, 2 * upper_tail(abs(t), freedom))


def quantile(share: float, freedom: float) -> float:
    """The value that a `share` of at least 0.5 of the distribution lies below.

    >>> round(quantile(0.975, 4), 4)
    2.7764
    """
    low, high = 0.0, 1.0
    while upper_tail(high, freedom) > 1 - share and high < _FAR:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if upper_tail(middle, freedom) > 1 - share else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function (Abramowitz and Stegun 26.5.8)."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        # The continued fraction converges fast on the other side only.
        return 1 - _beta(1 - x, b, a)
    scale = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    return scale / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1 / (1 + d2 / (1 + ...)) by Lentz's algorithm, until a step changes nothing."""
    value, above, below = 1.0, 1.0, 0.0
    for step in range(1, _STEPS):
        half = step // 2
        if step % 2:
            part = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            part = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        below = 1 / (1 + part * below or _TINY)
        above = 1 + part / above or _TINY
        value *= above * below
        if abs(above * below - 1) < _CLOSE:
            break
    return value
