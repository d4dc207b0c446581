"""The bootstrap interval agrees with scipy's BCa interval."""

from __future__ import annotations

import random

import numpy
import pytest
from scipy.stats import bootstrap
from scipy.stats import skew as oracle_skewness

from promptwire.stats.bootstrap import bootstrap_interval, skewness


@pytest.mark.parametrize("n", [8, 25, 200])
def test_the_interval_agrees_with_scipy(n: int) -> None:
    rng = random.Random(n)
    values = [rng.expovariate(1) for _ in range(n)]
    found = bootstrap((values,), numpy.mean, n_resamples=50_000, rng=1).confidence_interval
    error = numpy.std(values) / n**0.5
    low, high = bootstrap_interval(values)
    assert low == pytest.approx(found.low, abs=0.15 * error)
    assert high == pytest.approx(found.high, abs=0.25 * error)


def test_the_interval_depends_on_the_seed_alone() -> None:
    values = [0.013, 0.27, 0.54, 0.5, 1.02, -0.25, 0.8, 0.33]
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values) != bootstrap_interval(values, seed=1)


def test_skewness_is_that_of_scipy_and_0_for_equal_values() -> None:
    values = [0.0, 0.0, 0.0, 0.5, 2.0]
    assert skewness(values) == pytest.approx(oracle_skewness(values))
    assert skewness([0.3] * 4) == 0.0
