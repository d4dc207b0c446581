"""Bandits over prompts: which arm to pull next, within an exact budget.

A pull is one example scored with one arm. The rules are ProTeGi's (Pryzant et al. 2023, section 3.3), with three corrections
to the authors' code. An arm that was never pulled is unknown, not 0, so it is pulled first. The time in the logarithm is the
number of pulls so far, so there is no ln 0 that would pull the first arms again. Successive rejects counts the arms to keep,
so it spends the budget and not two and a half times as much. All functions are pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Arm", "Phase", "split_budget", "successive_halving", "successive_rejects", "ucb", "ucb_e"]


@dataclass(frozen=True, slots=True)
class Arm:
    """Results of one arm so far."""

    pulls: int
    """Examples that it was scored on."""
    mean: float
    """Its mean value; meaningless when `pulls` is 0."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of an elimination: pull each remaining arm up to `pulls`, then keep `left` arms."""

    pulls: int
    left: int


def ucb(arms: Sequence[Arm], c: float) -> list[float]:
    """UCB bound of each arm: `mean + c * sqrt(ln t / n)`, where t counts all pulls. It is infinite for an unknown arm.

    >>> ucb([Arm(0, 0.0), Arm(4, 0.5)], 0.0)
    [inf, 0.5]
    """
    log = math.log(max(1, sum(arm.pulls for arm in arms)))
    return [arm.mean + c * math.sqrt(log / arm.pulls) if arm.pulls else math.inf for arm in arms]


def ucb_e(arms: Sequence[Arm], c: float) -> list[float]:
    """UCB-E bound of each arm, `mean + c * sqrt(c / n)`, which explores more. It is infinite for an unknown arm."""
    return [arm.mean + c * math.sqrt(c / arm.pulls) if arm.pulls else math.inf for arm in arms]


def split_budget(budget: int, wanted: Sequence[int]) -> list[int]:
    """Split `budget` among arms that want `wanted` pulls, in order: the last may get fewer, or none.

    >>> split_budget(10, [4, 4, 4])
    [4, 4, 2]
    """
    given = []
    for want in wanted:
        given.append(min(want, budget))
        budget -= given[-1]
    return given


def successive_rejects(arms: int, keep: int, budget: int) -> list[Phase]:
    """Successive rejects (Audibert et al. 2010) down to `keep` arms: one arm goes in each phase.

    The number of pulls after phase j is proportional to 1 / (arms + 1 - j), as published. The scale makes the sum over all arms
    equal to the budget; for `keep` 1 it is the published scale.
    """
    if arms <= keep:
        return []
    scale = budget / (sum(1 / left for left in range(keep + 1, arms + 1)) + keep / (keep + 1))
    return [Phase(int(scale / left), left - 1) for left in range(arms, keep, -1)]


def successive_halving(arms: int, keep: int, budget: int) -> list[Phase]:
    """Successive halving (Karnin et al. 2013) down to `keep` arms: the phases share the budget equally."""
    if arms <= keep:
        return []
    count = math.ceil(math.log2(arms / keep))
    phases, pulls = [], 0
    for _ in range(count):
        pulls += budget // (arms * count)
        arms = max(keep, math.ceil(arms / 2))
        phases.append(Phase(pulls, arms))
    return phases
