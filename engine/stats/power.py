"""How small a gain a number of examples can show, and how many examples a gain needs.

Both are for a two-sided test at 5 % that finds the gain in 80 % of all cases. For right and wrong answers they depend on the
share of discordant pairs: examples that one prompt gets right and the other wrong.
"""

from __future__ import annotations

import math

from promptwire.stats.student import quantile

__all__ = ["DISCORDANT", "examples_needed", "smallest_gain", "smallest_shift"]

LEVEL = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
POWER = 0.8416212335729143
"""Its 80 % point."""
DISCORDANT = 0.2
"""Share of discordant pairs that is assumed before there are any."""
_FEWEST = 5
"""Fewest discordant pairs that McNemar's test can call a difference."""


def examples_needed(gain: float, discordant: float = DISCORDANT) -> int:
    """Examples on which a `gain` in the share of right answers is found, at this share of discordant pairs.

    A gain can't be larger than the share of discordant pairs, so this share is at least the gain.

    >>> examples_needed(0.05)
    626
    """
    share = max(discordant, gain)
    # Rounded first: a whole number that a rounding error lifts would become the next one.
    return math.ceil(round((LEVEL * math.sqrt(share) + POWER * math.sqrt(share - gain * gain)) ** 2 / gain**2, 6))


def smallest_gain(n: int, discordant: float = DISCORDANT) -> float | None:
    """The smallest gain in the share of right answers that `n` examples show; None when they can't show any.

    >>> round(smallest_gain(500), 3)
    0.056
    """
    if n < _FEWEST:
        return None
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if examples_needed(middle, discordant) <= n else (middle, high)
    return high


def smallest_shift(error: float, freedom: float) -> float:
    """The smallest gain of a mean with this standard error and these degrees of freedom."""
    return (quantile(0.975, freedom) + quantile(0.8, freedom)) * error
