"""Confidence intervals: coverage, and None where nothing is known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.stats.intervals import Interval, mean_interval, paired_interval


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (1, 1, 0.2065, 1.0), (90, 100, 0.8256, 0.9448)],
)
def test_shares_get_wilsons_interval(right: int, n: int, low: float, high: float) -> None:
    found = mean_interval([1.0] * right + [0.0] * (n - right))
    assert (found.mean, found.n) == (right / n, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@pytest.mark.parametrize(
    ("n", "quantile"),
    [(2, 12.706), (3, 4.303), (6, 2.571), (7, 2.447), (11, 2.228), (31, 2.042), (121, 1.980), (100_001, 1.960)],
)
def test_other_values_get_students_interval(n: int, quantile: float) -> None:
    values = [0.5 + (-1) ** place * 0.25 for place in range(n)]
    found = mean_interval(values)
    mean = sum(values) / n
    error = (sum((value - mean) ** 2 for value in values) / (n - 1)) ** 0.5 / n**0.5
    assert found.low == pytest.approx(mean - quantile * error, abs=2e-3 * error)
    assert found.high == pytest.approx(mean + quantile * error, abs=2e-3 * error)


def test_fewer_than_two_values_have_no_interval() -> None:
    assert mean_interval([]) == paired_interval([], []) == Interval(None, None, None, 0)
    assert mean_interval([0.3]) == Interval(0.3, None, None, 1)
    assert paired_interval([0.3], [0.5]).low is None


def test_equal_pairs_still_have_an_interval() -> None:
    found = paired_interval([1.0] * 20, [1.0] * 20)
    assert found.mean == 0
    assert found.low is not None and found.high is not None and -0.15 < found.low < 0 < found.high < 0.15


def test_a_paired_interval_is_sharper_than_two_intervals() -> None:
    before = [0.0] * 10 + [1.0] * 40
    after = [1.0] * 8 + [0.0] * 2 + [1.0] * 40
    found = paired_interval(before, after)
    one, other = mean_interval(before), mean_interval(after)
    assert found.low is not None and found.low > 0
    assert one.high is not None and other.low is not None and one.high > other.low


def test_sequences_of_unequal_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="equal length"):
        paired_interval([1.0], [])


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_about_95_percent_of_intervals_hold_the_true_mean(share: float) -> None:
    rng, held = random.Random(7), 0
    for _ in range(1000):
        found = mean_interval([float(rng.random() < share) for _ in range(40)])
        held += found.low <= share <= found.high  # type: ignore[operator]
    assert 0.92 < held / 1000 < 0.985


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0])), min_size=1))
def test_the_mean_lies_in_its_interval(pairs: list[tuple[float, float]]) -> None:
    a, b = ([pair[side] for pair in pairs] for side in (0, 1))
    for found in (mean_interval(a), paired_interval(a, b)):
        assert found.low is not None and found.mean is not None and found.high is not None
        assert found.low <= found.mean + 0.5 and found.mean - 0.5 <= found.high
        assert -1 <= found.low <= found.high <= 1


@pytest.mark.parametrize("values", [[0.3] * 20, [100.0] * 5, [-2.5] * 3, [0.1 + 0.2, 0.3, 0.3]], ids=str)
def test_equal_values_other_than_shares_have_no_interval(values: list[float]) -> None:
    found = mean_interval(values)
    assert found.mean == pytest.approx(values[0])
    assert (found.low, found.high, found.n) == (None, None, len(values))
    gain = paired_interval(values, [value + 0.1 for value in values])
    assert gain.mean == pytest.approx(0.1)
    assert (gain.low, gain.high) == (None, None)


def test_zeros_and_ones_of_another_scale_are_not_shares() -> None:
    assert mean_interval([0.0] * 10, shares=False) == Interval(0.0, None, None, 10)
    assert paired_interval([0.0, 0.0], [0.0, 0.0], shares=False) == Interval(0.0, None, None, 2)
