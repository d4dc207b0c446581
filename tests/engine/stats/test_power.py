"""Sizes agree with the published formula, and with the power of the test that is used."""

from __future__ import annotations

import pytest
from scipy.stats import binom, multinomial

from promptwire.stats.mcnemar import mcnemar
from promptwire.stats.power import examples_needed, smallest_gain, smallest_shift

# Gain, share of discordant pairs, examples.
NEEDED = [(0.02, 0.1, 1956), (0.02, 0.2, 3933), (0.05, 0.1, 308), (0.05, 0.2, 625), (0.05, 0.3, 939), (0.1, 0.2, 152),
          (0.1, 0.3, 233), (0.2, 0.3, 56)]  # fmt: skip


@pytest.mark.parametrize(("gain", "discordant", "n"), NEEDED)
def test_the_examples_of_a_gain_are_those_of_the_formula(gain: float, discordant: float, n: int) -> None:
    assert examples_needed(gain, discordant) == pytest.approx(n, rel=0.02)
    assert smallest_gain(n, discordant) == pytest.approx(gain, rel=0.01)


@pytest.mark.parametrize(("n", "gain"), [(50, 0.167), (120, 0.112), (200, 0.09), (500, 0.057), (1000, 0.04)])
def test_the_smallest_gain_of_a_usual_task_is_known(n: int, gain: float) -> None:
    assert smallest_gain(n) == pytest.approx(gain, rel=0.04)


def test_the_test_finds_the_smallest_gain_in_about_80_percent() -> None:
    n, discordant = 120, 0.2
    gain = smallest_gain(n, discordant) or 0.0
    found = 0.0
    for pairs in range(n + 1):
        among = binom.pmf(pairs, n, discordant)
        up = (discordant + gain) / (2 * discordant)
        found += among * sum(
            multinomial.pmf([k, pairs - k], pairs, [up, 1 - up]) for k in range(pairs + 1) if mcnemar(k, pairs - k) < 0.05
        )
    assert found == pytest.approx(0.8, abs=0.03)


def test_a_gain_is_never_larger_than_the_share_of_pairs_that_differ() -> None:
    assert examples_needed(0.3, 0.1) == examples_needed(0.3, 0.3)
    assert smallest_gain(40, 0.0) == smallest_gain(40, 0.05)


@pytest.mark.parametrize("n", [0, 4])
def test_too_few_examples_show_no_gain(n: int) -> None:
    assert smallest_gain(n) is None
    assert mcnemar(n, 0) > 0.05


def test_the_smallest_shift_is_2_8_errors_with_many_examples() -> None:
    assert smallest_shift(0.1, 10_000) == pytest.approx(0.28, abs=0.001)
    assert smallest_shift(0.1, 4) > 0.36
