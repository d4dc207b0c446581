"""Bootstrap interval of a mean, corrected for bias and acceleration (BCa, Efron 1987), with a seeded draw.

It follows a skewed distribution, which Student's symmetric interval does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from promptwire.values.hashing import stream

__all__ = ["bootstrap_interval", "skewness"]

_DRAWS = 2_000
_NORMAL = NormalDist()


def skewness(values: Sequence[float]) -> float:
    """Third standardized moment of `values`; 0 when all are equal."""
    mean = math.fsum(values) / len(values)
    second = math.fsum((value - mean) ** 2 for value in values) / len(values)
    third = math.fsum((value - mean) ** 3 for value in values) / len(values)
    return float(third / second**1.5) if second > 0 else 0.0


def bootstrap_interval(values: Sequence[float], *, seed: int = 0) -> tuple[float, float]:
    """Ends of the 95% interval of the mean of `values`, which are not all equal."""
    random, n = stream("bootstrap", seed, len(values)), len(values)
    means = sorted(math.fsum(random.choices(values, k=n)) / n for _ in range(_DRAWS))
    mean = math.fsum(values) / n
    # Half of the ties lie below: means of few different values often equal the observed one.
    below = sum(one < mean for one in means) + sum(one == mean for one in means) / 2
    bias = _NORMAL.inv_cdf(min(max(below, 0.5), _DRAWS - 0.5) / _DRAWS)
    # For a mean the jackknife's acceleration is a sixth of the skewness over the root of n.
    acceleration = skewness(values) / (6 * math.sqrt(n))
    return _end(means, 0.025, bias, acceleration), _end(means, 0.975, bias, acceleration)


def _end(means: Sequence[float], share: float, bias: float, acceleration: float) -> float:
    z = bias + _NORMAL.inv_cdf(share)
    corrected = _NORMAL.cdf(bias + z / (1 - acceleration * z))
    place = corrected * (len(means) - 1)
    low = int(place)
    high = min(low + 1, len(means) - 1)
    return means[low] + (place - low) * (means[high] - means[low])
