"""The difference of two correlations: interval and p-value agree, and ends stay where a difference can be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.stats.correlation_gain import Correlations, correlation_gain

CORRELATION = st.floats(-1, 1)
VARIANCE = st.floats(1e-6, 0.1)


@given(CORRELATION, CORRELATION, st.tuples(VARIANCE, VARIANCE), st.floats(-1, 1), st.floats(3, 500))
def test_interval_and_p_value_agree(
    first: float, second: float, variances: tuple[float, float], shared: float, freedom: float
) -> None:
    covariance = shared * math.sqrt(variances[0] * variances[1])
    low, high, p = correlation_gain(Correlations(first, second, variances, covariance, freedom))
    assert -2 <= low <= second - first <= high <= 2
    assert (low <= 0 <= high) == (p >= 0.05) or p == pytest.approx(0.05, abs=1e-6)


def test_exchanged_correlations_give_the_interval_the_other_way_round() -> None:
    low, high, p = correlation_gain(Correlations(0.4, 0.8, (0.02, 0.005), 0.004, 39))
    others = correlation_gain(Correlations(0.8, 0.4, (0.005, 0.02), 0.004, 39))
    assert others == (pytest.approx(-high), pytest.approx(-low), pytest.approx(p))


def test_independent_correlations_have_the_interval_of_zou() -> None:
    """l = r2 - r1 - root((r2 - l2)² + (u1 - r1)²), with both intervals from Fisher's scale."""
    z = 1.959964
    (low1, high1), (low2, high2) = ((math.tanh(math.atanh(r) - z / 10), math.tanh(math.atanh(r) + z / 10)) for r in (0.2, 0.5))
    given = Correlations(0.2, 0.5, ((0.96 / 10) ** 2, (0.75 / 10) ** 2), 0.0, 1e9)
    low, high, _ = correlation_gain(given)
    assert low == pytest.approx(0.3 - math.hypot(0.5 - low2, high1 - 0.2), abs=1e-5)
    assert high == pytest.approx(0.3 + math.hypot(high2 - 0.5, 0.2 - low1), abs=1e-5)
