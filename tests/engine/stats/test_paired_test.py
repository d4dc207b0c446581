"""The one-sided paired t-test agrees with published tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.stats.paired_test import chance

# Student's t: one-sided level, degrees of freedom, critical value, as printed in any table.
TABLE = [
    (0.2, 1, 1.3764), (0.2, 2, 1.0607), (0.2, 29, 0.8542), (0.2, 299, 0.8428), (0.05, 1, 6.3138), (0.05, 10, 1.8125),
    (0.05, 30, 1.6973), (0.025, 5, 2.5706), (0.01, 20, 2.5280), (0.005, 120, 2.6174), (0.4, 3, 0.2767),
]  # fmt: skip


def leading(t: float, freedom: int) -> list[float]:
    """Values whose mean lead over zeros is `t` standard errors."""
    n = freedom + 1
    spread = [float((-1) ** place) if place < n - n % 2 else 0.0 for place in range(n)]
    variance = sum(value * value for value in spread) / freedom
    return [value + t * math.sqrt(variance / n) for value in spread]


@pytest.mark.parametrize(("level", "freedom", "t"), TABLE)
def test_the_p_value_agrees_with_published_tables(level: float, freedom: int, t: float) -> None:
    zeros = [0.0] * (freedom + 1)
    assert chance(leading(t, freedom), zeros) == pytest.approx(level, abs=5e-5)
    assert chance(zeros, leading(t, freedom)) == pytest.approx(1 - level, abs=5e-5)


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [([], [], 1.0), ([1.0], [0.0], 1.0), ([1.0] * 3, [1.0] * 3, 1.0), ([0.5] * 3, [0.0] * 3, 0.0), ([0.0] * 3, [0.5] * 3, 1.0)],
)
def test_equal_leads_are_certain_and_one_pair_is_undecided(better: list[float], worse: list[float], expected: float) -> None:
    assert chance(better, worse) == expected


VALUES = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=2, max_size=40)


@given(VALUES)
def test_swapping_the_sides_gives_the_complementary_p_value(pairs: list[tuple[float, float]]) -> None:
    left, right = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = chance(left, right)
    assert 0.0 <= found <= 1.0
    if len({one - other for one, other in pairs}) > 1:
        assert found + chance(right, left) == pytest.approx(1.0)
        assert (found < 0.5) == (sum(left) > sum(right))
