"""One-sided paired t-test: whether one prompt's values are better than another's on the same examples.

The race of CAPO (Zehle et al. 2025) drops a prompt that enough others beat by this test. Student's distribution is computed by
its continued fraction, exact to many digits at any number of degrees of freedom. A table would fix the level. A statistics
library is a large dependency for one number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["chance"]

_STEPS = 300
_CLOSE = 1e-14
_TINY = 1e-300


def chance(better: Sequence[float], worse: Sequence[float]) -> float:
    """p-value of the paired lead of `better` over `worse`; 1 with fewer than two pairs.

    A lead that is the same in every pair counts as certain: 0 when it is positive, else 1.

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
    """Upper tail probability of Student's t at `t`."""
    tail = _beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return tail if t >= 0 else 1 - tail


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
