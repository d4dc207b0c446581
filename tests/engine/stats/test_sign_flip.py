"""The sign-flip test agrees with scipy's permutation test, counted and drawn."""

from __future__ import annotations

import random
from statistics import NormalDist

import numpy
import pytest
from scipy.stats import permutation_test

from promptwire.stats.mcnemar import mcnemar
from promptwire.stats.sign_flip import sign_flip


def differences(n: int, shift: float) -> list[float]:
    rng = random.Random(n)
    return [round(rng.gauss(shift, 1), 1) for _ in range(n)]


def oracle(values: list[float]) -> float:
    """The exact p-value less half of the means that equal the observed one."""
    if abs(sum(values)) < 1e-12:
        return 1.0
    found = permutation_test((values,), numpy.mean, permutation_type="samples", n_resamples=10**6)
    equal = numpy.isclose(numpy.abs(found.null_distribution), abs(numpy.mean(values)))
    return float(found.pvalue - equal.mean() / 2)


@pytest.mark.parametrize("n", [2, 5, 8, 9, 12])
@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_few_differences_give_the_exact_p_value(n: int, shift: float) -> None:
    values = differences(n, shift)
    assert sign_flip(values) == pytest.approx(oracle(values))


@pytest.mark.parametrize("n", [14, 15, 16])
def test_more_differences_are_drawn_and_lie_near_the_exact_p_value(n: int) -> None:
    values = differences(n, 0.5)
    expected = oracle(values)
    assert sign_flip(values) == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 10_000) ** 0.5)


@pytest.mark.parametrize(("fixed", "broken"), [(1, 0), (5, 0), (8, 2), (6, 6)])
def test_right_and_wrong_answers_give_mcnemars_mid_p_value(fixed: int, broken: int) -> None:
    assert sign_flip([1.0] * fixed + [-1.0] * broken + [0.0] * 9) == pytest.approx(mcnemar(fixed, broken))


def test_thousands_of_differences_take_fewer_draws_and_agree_with_the_normal_limit() -> None:
    values = differences(4000, 0.0)
    z = abs(sum(values)) / sum(value * value for value in values) ** 0.5
    expected = 2 * (1 - NormalDist().cdf(z))
    assert 0.01 < expected < 0.5
    assert sign_flip(values) == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 4_000) ** 0.5)


def test_the_draw_depends_on_the_seed_alone() -> None:
    values = differences(40, 0.3)
    assert sign_flip(values) == sign_flip(values)
    assert sign_flip(values) != sign_flip(values, seed=1)


def test_examples_without_a_difference_change_nothing() -> None:
    values = differences(10, 0.9)
    assert sign_flip([*values, *[0.0] * 50]) == sign_flip(values)
    assert sign_flip([0.0] * 5) == sign_flip([]) == sign_flip([0.7, -0.7]) == 1.0


def test_equal_sums_in_another_order_of_addition_count_as_equal() -> None:
    assert sign_flip([0.1, 0.2, 0.3]) == 0.125
