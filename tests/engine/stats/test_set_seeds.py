"""Scores that are no mean over several seeds: one seed as in a report, wider with few wrong answers, few false alarms."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from promptwire.stats.crossed import crossed
from promptwire.stats.prompt_score import contributions
from promptwire.stats.set_gain import score_interval, set_gain
from promptwire.stats.set_seeds import seeds_gain, seeds_score
from promptwire.values import Row

LABELS = "aaaaaaaabb"


def rows(answers: Sequence[str], truths: Sequence[str] = LABELS) -> list[Row]:
    """Rows with these answers to examples of these labels."""
    pairs = enumerate(zip(answers, truths, strict=True))
    return [Row("p", str(place), "", answer, float(answer == truth), truth=truth) for place, (answer, truth) in pairs]


@pytest.mark.parametrize("metric", ["macro-f1", "balanced-accuracy", "matthews"])
def test_one_seed_has_the_interval_and_the_test_of_a_run(metric: str) -> None:
    before, after = rows("aaaaaaaaaa"), rows("aaaaaaabbb")
    assert seeds_gain([(before, after)], metric) == set_gain(before, after, metric)
    assert seeds_score([after], metric) == score_interval(after, metric)


def test_equal_runs_of_three_seeds_show_no_more_than_one_run() -> None:
    before, after = rows("aaaaaaaaaa"), rows("aaaaaaabbb")
    one, three = set_gain(before, after, "macro-f1"), seeds_gain([(before, after)] * 3, "macro-f1")
    assert three.mean == pytest.approx(one.mean) and three.error == pytest.approx(one.error, rel=0.02)
    assert one.p is not None and three.p == pytest.approx(one.p, abs=0.02)
    values = [y - x for x, y in zip(contributions(before, "macro-f1"), contributions(after, "macro-f1"), strict=True)]
    naive = crossed([values] * 3)
    assert naive.p is not None and naive.p < 0.05 < one.p


def test_an_interval_stays_within_the_scale_of_the_score() -> None:
    found = seeds_score([rows("aaaaaaaabb"), rows("aaaaaaaabb"), rows("aaaaaaaaab")], "macro-f1")
    assert found.mean is not None and found.low is not None and found.high is not None
    assert 0 < found.low < found.mean <= found.high <= 1
    few = rows("ab", "ab")
    assert seeds_score([few, few], "macro-f1").low is None and seeds_gain([(few, few)] * 2, "macro-f1").p is None


def test_optimizers_that_are_alike_are_seldom_told_apart() -> None:
    draw, truths, alarms = random.Random(7), "a" * 24 + "b" * 8, 0
    other = {"a": "b", "b": "a"}
    for _ in range(120):
        hard = [draw.gauss(1, 1) for _ in truths]
        seeds = [[draw.gauss(0, 0.5) for _ in range(2)] for _ in range(3)]
        runs = [
            [
                rows([t if h + own + draw.gauss(0, 1) > 0 else other[t] for t, h in zip(truths, hard, strict=True)], truths)
                for own in pair
            ]
            for pair in seeds
        ]
        p = seeds_gain([(before, after) for before, after in runs], "macro-f1").p
        alarms += p is not None and p < 0.05
    assert alarms <= 12
