"""Holm's correction agrees with statsmodels."""

from __future__ import annotations

import random

import pytest
from statsmodels.stats.multitest import multipletests

from promptwire.stats.holm import holm


@pytest.mark.parametrize("count", [2, 3, 7, 20])
def test_corrected_p_values_agree_with_statsmodels(count: int) -> None:
    rng = random.Random(count)
    for _ in range(5):
        values = [round(rng.random() ** 3, 2) for _ in range(count)]
        assert holm(values) == pytest.approx(list(multipletests(values, method="holm")[1]))


def test_no_comparison_needs_no_correction() -> None:
    assert holm([]) == []
    assert holm([0.03]) == [0.03]
