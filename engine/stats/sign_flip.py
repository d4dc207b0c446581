"""Sign-flip test: whether the mean of paired differences is zero, without a normal distribution.

Under equal prompts a difference is as likely as its negative. The test counts how many assignments of signs give a mean
further from 0 than the observed one: all assignments where they are few, else a seeded draw. An equal mean counts by half
(mid-p), since grades in steps give many equal means. For differences of -1, 0 and 1 this is McNemar's mid-p test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

from promptwire.values.hashing import stream

__all__ = ["sign_flip"]

_EXACT = 12
"""Most differences other than 0 whose assignments are all counted."""
_DRAWS = 9_999
"""Most drawn assignments. The p-value is then within 0.004 of the exact one, near 0.05."""
_FEWEST_DRAWS = 999
_MOST_WORK = 2_000_000
"""Look-ups in tables of signs: about a second. Beyond 1,600 differences there are fewer draws."""
_BYTE = 8
_CLOSE = 1e-9
"""Sums that differ by less than this share are equal: floats are added in another order."""


def sign_flip(differences: Sequence[float], *, seed: int = 0) -> float:
    """Two-sided mid-p value of the mean of `differences`; 1 when this mean is 0.

    >>> sign_flip([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    0.015625
    """
    flipped = [difference for difference in differences if difference]
    observed, close = abs(math.fsum(flipped)), _CLOSE * math.fsum(map(abs, flipped))
    if observed <= close:
        return 1.0
    tables = [_sums(flipped[start : start + _BYTE]) for start in range(0, len(flipped), _BYTE)]
    if len(flipped) <= _EXACT:
        sums = [sum(parts) for parts in product(*tables)]
        return sum(_weight(abs(total) - observed, close) for total in sums) / len(sums)
    random = stream("sign-flip", seed, len(flipped))
    extreme = 0.5  # the observed assignment
    draws = max(_FEWEST_DRAWS, min(_DRAWS, _MOST_WORK // len(tables)))
    for _ in range(draws):
        drawn = random.randbytes(len(tables))
        # The last table may be shorter than a byte; its length is a power of two, so the remainder is uniform.
        total = sum(table[byte % len(table)] for table, byte in zip(tables, drawn, strict=True))
        extreme += _weight(abs(total) - observed, close)
    return extreme / (draws + 1)


def _weight(excess: float, close: float) -> float:
    """1 for a sum beyond the observed one, a half for an equal one, else 0."""
    return 0.0 if excess < -close else 1.0 if excess > close else 0.5


def _sums(values: Sequence[float]) -> list[float]:
    """The sum of `values` under each assignment of signs."""
    sums = [0.0]
    for value in values:
        sums = [total + sign for total in sums for sign in (value, -value)]
    return sums
