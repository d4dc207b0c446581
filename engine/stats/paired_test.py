"""Whether one row of values is better than another on the same examples: the one-sided paired t-test.

The race of CAPO (Zehle et al. 2025) drops a prompt that enough others beat by this test. Student's distribution is computed by
its continued fraction, exact to many digits at any number of degrees of freedom: a table would fix the level, and a library of
statistics is a lot to install for one number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["chance"]

_STEPS = 300
_CLOSE = 1e-14
_TINY = 1e-300


def chance(better: Sequence[float], worse: Sequence[float]) -> float:
    """How likely so large a lead of `better` over `worse` is when there is none, pair by pair; 1 where nothing can be said.

    A lead that is the same in every pair is no chance: it counts as certain, and so does not leading in any.

    >>> round(chance([1.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]), 4)
    0.0908
    """
    leads = [mine - other for mine, other in zip(better, worse, strict=True)]
    n = len(leads)
    if n < 2:
        return 1.0
    mean = math.fsum(leads) / n
    variance = math.fsum((lead - mean) ** 2 for lead in leads) / (n - 1)
    if variance == 0:
        return 0.0 if mean > 0 else 1.0
    return _above(mean / math.sqrt(variance / n), n - 1)


def _above(t: float, freedom: int) -> float:
    """Share of Student's t that is larger than `t`."""
    tail = _beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return tail if t >= 0 else 1 - tail


def _beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function (Abramowitz and Stegun 26.5.8)."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        # The fraction converges fast on this side only.
        return 1 - _beta(1 - x, b, a)
    scale = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    return scale / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1 / (1 + d2 / (1 + ...)), from the front (Lentz's way), until a step changes nothing."""
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
