"""Contrasts: which optimizers differ, over seeds and examples, corrected together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptwire.comparing.contrasts import ALL_TASKS, INITIAL, Contrast, contrasts, estimate
from promptwire.stats.crossed import crossed
from promptwire.stats.holm import holm
from promptwire.stats.intervals import mean_interval
from promptwire.stats.verdict import paired_verdict
from tests.engine.comparing.cells import result, world

ROWS = (INITIAL, "weak", "strong")


def pair(found: tuple[Contrast, ...], row: str, other: str, task: str = "mood") -> Contrast:
    return next(one for one in found if (one.row, one.other, one.task) == (row, other, task))


def test_a_clear_difference_is_a_win_and_a_small_one_a_tie() -> None:
    found = contrasts(ROWS, ["mood"], world({"weak": 0.25, "strong": 0.9}))
    outcomes = {(one.row, one.other): one.outcome for one in found}
    assert outcomes == {("weak", INITIAL): "tie", ("strong", INITIAL): "win", ("strong", "weak"): "win"}
    turned = contrasts((INITIAL, "strong", "weak"), ["mood"], world({"weak": 0.25, "strong": 0.9}))
    assert pair(turned, "weak", "strong").outcome == "loss"


def test_several_seeds_get_the_crossed_error() -> None:
    runs = world({"weak": 0.4, "strong": 0.7})
    table = [[runs[3 + seed].best[key] - runs[seed].best[key] for key in runs[0].best] for seed in range(3)]
    found, expected = pair(contrasts(ROWS, ["mood"], runs), "strong", "weak"), crossed(table)
    assert (found.gain, found.low, found.high, found.p) == (expected.mean, expected.low, expected.high, expected.p)
    assert (found.seeds, found.examples) == (3, 60)


def test_one_seed_gets_the_verdict_of_two_prompts() -> None:
    runs = world({"weak": 0.4, "strong": 0.7}, seeds=1)
    found = pair(contrasts(ROWS, ["mood"], runs), "strong", "weak")
    expected = paired_verdict(list(runs[0].best.values()), list(runs[1].best.values()))
    assert (found.p, found.low, found.high, found.seeds) == (expected.p, expected.low, expected.high, 1)


def test_all_pairs_of_all_tasks_are_corrected_together() -> None:
    found = contrasts(ROWS, ["mood", "sums"], world({"weak": 0.4, "strong": 0.55}, tasks=("mood", "sums")))
    assert len(found) == 6
    assert [one.adjusted for one in found] == holm([one.p for one in found if one.p is not None])
    assert all((one.outcome == "tie") == (one.adjusted is not None and one.adjusted >= 0.05) for one in found)


def test_only_seeds_and_examples_of_both_are_compared() -> None:
    runs = world({"weak": 0.4, "strong": 0.7})
    fewer = replace(runs[4], best={key: value for key, value in runs[4].best.items() if key != "e0"})
    found = pair(contrasts(ROWS, ["mood"], [*runs[:4], fewer]), "strong", "weak")
    assert (found.seeds, found.examples) == (2, 59)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (replace(result("strong", 0), best={"x": 1.0}, initial={"x": 0.0}), "their runs share no held-out example"),
        (result("strong", 7), "no seed that both were run with"),
        (result("strong", 0, task="sums"), "no run of strong on mood"),
    ],
    ids=["examples", "seed", "task"],
)
def test_runs_that_share_nothing_are_not_judged_and_say_why(other: object, reason: str) -> None:
    found = pair(contrasts(ROWS, ["mood"], [result("weak", 0), other]), "strong", "weak")  # type: ignore[list-item]
    assert (found.outcome, found.p, found.adjusted, found.reason) == ("not judged", None, None, reason)


@pytest.mark.parametrize("count", [4, 5])
def test_from_five_tasks_on_a_pair_is_compared_over_the_tasks(count: int) -> None:
    tasks = tuple(f"task {number}" for number in range(count))
    found = contrasts(ROWS, tasks, world({"weak": 0.4, "strong": 0.8}, tasks=tasks))
    overall = [one for one in found if one.task == ALL_TASKS]
    assert len(overall) == (3 if count == 5 else 0)
    if overall:
        gains = [pair(found, "strong", "weak", task).gain or 0.0 for task in tasks]
        expected = mean_interval(gains, shares=False)
        mine = pair(found, "strong", "weak", ALL_TASKS)
        assert (mine.gain, mine.low) == (pytest.approx(expected.mean), pytest.approx(expected.low, abs=1e-3))
        assert (mine.outcome, mine.examples) == ("win", 5)


def test_an_estimate_is_a_mean_over_seeds_and_stays_within_the_scale() -> None:
    runs = world({"strong": 0.97})
    found = estimate("strong", "mood", runs, 5)
    means = [sum(one.best.values()) / 60 for one in runs]
    assert list(found.by_seed.values()) == pytest.approx(means)
    assert found.mean == pytest.approx(sum(means) / 3) and found.high is not None and found.high <= 1
    assert (found.examples, found.expected) == (60, 5)


def test_the_initial_prompt_has_the_interval_of_one_run_however_many_seeds_there_are() -> None:
    runs = world({"weak": 0.4})
    found = estimate(INITIAL, "mood", runs, 3)
    assert (found.mean, found.low, found.high) == mean_interval(list(runs[0].initial.values()))[:3]


def test_an_estimate_without_runs_is_empty() -> None:
    found = estimate("weak", "mood", [], 3)
    assert (found.mean, found.low, found.expected) == (None, None, 3)
