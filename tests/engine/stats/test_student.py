"""Student's distribution agrees with scipy, for whole and broken degrees of freedom."""

from __future__ import annotations

import pytest
from scipy import stats as oracle

from promptwire.stats.student import quantile, two_sided, upper_tail

FREEDOM = [1, 2, 2.7, 5, 9.3, 30, 499, 10_000]


@pytest.mark.parametrize("freedom", FREEDOM)
@pytest.mark.parametrize("t", [-3.0, -0.4, 0.0, 0.7, 1.96, 12.0])
def test_tail_probabilities_agree_with_scipy(freedom: float, t: float) -> None:
    assert upper_tail(t, freedom) == pytest.approx(oracle.t.sf(t, freedom), rel=1e-8, abs=1e-12)
    assert two_sided(t, freedom) == pytest.approx(2 * oracle.t.sf(abs(t), freedom), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("freedom", FREEDOM)
@pytest.mark.parametrize("share", [0.5, 0.8, 0.975, 0.9995])
def test_quantiles_agree_with_scipy(freedom: float, share: float) -> None:
    assert quantile(share, freedom) == pytest.approx(oracle.t.ppf(share, freedom), rel=1e-7, abs=1e-9)
