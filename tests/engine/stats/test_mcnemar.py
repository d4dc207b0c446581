"""McNemar's mid-p value agrees with statsmodels, and survives many examples."""

from __future__ import annotations

import pytest
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar as oracle

from promptwire.stats.mcnemar import mcnemar


@pytest.mark.parametrize(("fixed", "broken"), [(1, 0), (5, 0), (0, 5), (12, 3), (3, 12), (40, 41), (300, 250)])
def test_the_mid_p_value_is_the_exact_one_less_half_of_the_observed_result(fixed: int, broken: int) -> None:
    exact = oracle([[0, fixed], [broken, 0]], exact=True).pvalue
    expected = exact - binom.pmf(min(fixed, broken), fixed + broken, 0.5)
    assert mcnemar(fixed, broken) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("pairs", [0, 1, 8, 500])
def test_as_many_fixed_as_broken_show_nothing(pairs: int) -> None:
    assert mcnemar(pairs, pairs) == pytest.approx(1.0)


def test_thousands_of_examples_neither_overflow_nor_vanish() -> None:
    assert 0 < mcnemar(2_600, 2_400) < 0.05
    assert mcnemar(5_000, 0) == pytest.approx(0.0, abs=1e-300)
