"""Bandits keep their budgets and the published constants."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.stats.bandits import Arm, Phase, split_budget, successive_halving, successive_rejects, ucb, ucb_e


def spent(arms: int, phases: list[Phase]) -> int:
    """Pulls of all phases together."""
    total, done, left = 0, 0, arms
    for phase in phases:
        total, done, left = total + left * (phase.pulls - done), phase.pulls, phase.left
    return total


def test_an_unknown_arm_comes_before_every_known_one() -> None:
    for rule in (ucb, ucb_e):
        assert rule([Arm(0, 0.0), Arm(100, 1.0)], 1.0)[0] == math.inf


def test_ucb_explores_in_the_second_round() -> None:
    # With the round number as time the logarithm is 0 in the second round, and exploring stops.
    low, high = ucb([Arm(1, 0.5), Arm(10, 0.5)], 1.0)
    assert low > high > 0.5


@pytest.mark.parametrize(("arms", "keep", "budget"), [(4, 1, 400), (36, 1, 2048), (10, 1, 1000)])
def test_successive_rejects_has_the_published_pulls_for_one_winner(arms: int, keep: int, budget: int) -> None:
    log = 0.5 + sum(1 / i for i in range(2, arms + 1))
    expected = [int(budget / (log * (arms + 1 - phase))) for phase in range(1, arms)]
    assert [phase.pulls for phase in successive_rejects(arms, keep, budget)] == expected


@given(st.integers(0, 60), st.integers(1, 10), st.integers(0, 5000))
def test_eliminations_keep_the_wanted_arms_within_the_budget(arms: int, keep: int, budget: int) -> None:
    for plan in (successive_rejects, successive_halving):
        phases = plan(arms, keep, budget)
        assert spent(arms, phases) <= budget
        assert (phases[-1].left if phases else arms) == min(arms, keep)
        assert all(one.pulls <= other.pulls for one, other in pairwise(phases))


@given(st.integers(0, 100), st.lists(st.integers(0, 20)))
def test_split_budget_gives_wanted_pulls_until_the_budget_ends(budget: int, wanted: list[int]) -> None:
    given_out = split_budget(budget, wanted)
    assert sum(given_out) == min(budget, sum(wanted))
    assert all(got <= want for got, want in zip(given_out, wanted, strict=True))
