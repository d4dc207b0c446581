"""McNemar's test with the mid-p value: whether one of two prompts is right on more of the same examples.

Only examples that one prompt gets right and the other wrong count. Under equal prompts each of them is a fair coin. The exact
test is conservative; the mid-p value counts the observed result by half and keeps the level (Fagerland et al. 2013).
"""

from __future__ import annotations

import math

__all__ = ["mcnemar"]


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided mid-p value of `fixed` examples that became right and `broken` that became wrong; 1 without either.

    >>> mcnemar(5, 0)
    0.03125
    """
    n, fewer = fixed + broken, min(fixed, broken)
    # In logarithms, since 2 ** n overflows a float above 1,023 examples.
    chances = [
        math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)) for k in range(fewer + 1)
    ]
    return min(1.0, 2 * math.fsum(chances) - chances[-1])
