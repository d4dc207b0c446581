"""The sign-flip test agrees with scipy's permutation test, counted and drawn."""

from __future__ import annotations

import random

import numpy
import pytest
from scipy.stats import permutation_test

from promptwire.stats.sign_flip import sign_flip


def differences(n: int, shift: float) -> list[float]:
    rng = random.Random(n)
    return [round(rng.gauss(shift, 1), 1) for _ in range(n)]


@pytest.mark.parametrize("n", [2, 5, 8, 9, 12])
@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_few_differences_give_the_exact_p_value(n: int, shift: float) -> None:
    values = differences(n, shift)
    found = permutation_test((values,), numpy.mean, permutation_type="samples", n_resamples=10**6)
    assert sign_flip(values) == pytest.approx(found.pvalue)


@pytest.mark.parametrize("n", [14, 15, 16, 17])
def test_more_differences_are_drawn_and_lie_near_the_exact_p_value(n: int) -> None:
    values = differences(n, 0.5)
    found = permutation_test((values,), numpy.mean, permutation_type="samples", n_resamples=10**6)
    error = (found.pvalue * (1 - found.pvalue) / 10_000) ** 0.5
    assert sign_flip(values) == pytest.approx(found.pvalue, abs=4 * error)


def test_the_draw_depends_on_the_seed_alone() -> None:
    values = differences(40, 0.3)
    assert sign_flip(values) == sign_flip(values)
    assert sign_flip(values) != sign_flip(values, seed=1)


def test_examples_without_a_difference_change_nothing() -> None:
    values = differences(10, 0.9)
    assert sign_flip([*values, *[0.0] * 50]) == sign_flip(values)
    assert sign_flip([0.0] * 5) == sign_flip([]) == sign_flip([0.7]) == 1.0


def test_equal_sums_in_another_order_of_addition_count_as_equal() -> None:
    assert sign_flip([0.1, 0.2, 0.3]) == 0.25
