"""One-sided paired t-test: whether one prompt's values are better than another's on the same examples.

The race of CAPO (Zehle et al. 2025) drops a prompt that enough others beat by this test.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from promptwire.stats.student import upper_tail

__all__ = ["chance"]


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
    return upper_tail(mean / math.sqrt(variance / n), n - 1)
