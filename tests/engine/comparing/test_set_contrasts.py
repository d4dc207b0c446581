"""Comparisons by a metric over all answers: the numbers of one run are those of its report, and several seeds never leave the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from promptwire.comparing.cell_results import CellResult
from promptwire.comparing.contrasts import INITIAL, contrasts, estimate
from promptwire.comparing.set_contrasts import set_contrast
from promptwire.stats.prompt_score import contributions
from promptwire.stats.set_gain import score_interval
from promptwire.stats.set_verdict import set_verdict
from promptwire.values import Row

LABELS, GRADES = "aaaaaaaabb", "1234512345"
ALL_A, GOOD, WORSE = "aaaaaaaaaa", "aaaaaaabbb", "aaaaaabbbb"


def rows(answers: str, truths: str) -> list[Row]:
    pairs = enumerate(zip(answers, truths, strict=True))
    return [Row("p", f"e{place}", "", answer, float(answer == truth), truth=truth) for place, (answer, truth) in pairs]


def cell(row: str, seed: int, initial: str, best: str, *, metric: str = "macro-f1", truths: str = LABELS) -> CellResult:
    """A run whose two prompts gave these answers."""
    sides = [rows(initial, truths), rows(best, truths)]
    values = [dict(zip([f"e{n}" for n in range(10)], contributions(one, metric), strict=True)) for one in sides]
    told = {one.example: (one, other) for one, other in zip(*sides, strict=True)}
    return CellResult(row, "mood", seed, "finished", metric=metric, initial=values[0], best=values[1], sides=told)


def compared(results: Sequence[CellResult]) -> dict[tuple[str, str], tuple[float | None, ...]]:
    names = (INITIAL, *dict.fromkeys(one.row for one in results))
    return {(one.row, one.other): (one.gain, one.low, one.high, one.p) for one in contrasts(names, ["mood"], results)}


@pytest.mark.parametrize(
    ("metric", "truths", "answers"),
    [
        ("macro-f1", LABELS, (ALL_A, GOOD)),
        ("matthews", LABELS, (WORSE, LABELS)),
        ("spearman", GRADES, ("1112511145", "1234512354")),
    ],
)
def test_one_seed_has_the_numbers_of_the_report(metric: str, truths: str, answers: tuple[str, str]) -> None:
    results = [cell("ape", 0, *answers, metric=metric, truths=truths)]
    before, after = (rows(one, truths) for one in answers)
    verdict = set_verdict(before, after, metric)
    assert compared(results) == {("ape", INITIAL): (verdict.gain, verdict.low, verdict.high, verdict.p)}
    for name, mine in ((INITIAL, before), ("ape", after)):
        found, expected = estimate(name, "mood", results, 1), score_interval(mine, metric)
        assert (found.mean, found.low, found.high) == (expected.mean, expected.low, expected.high)


def test_few_right_answers_of_three_seeds_are_no_win_and_stay_within_the_scale() -> None:
    results = [cell("ape", seed, ALL_A, GOOD) for seed in range(3)]
    assert compared([replace(one, sides={}) for one in results])["ape", INITIAL][3] == pytest.approx(0.0455, abs=0.001)
    gain, low, high, p = compared(results)["ape", INITIAL]
    assert gain == pytest.approx(0.4222, abs=0.001) and p is not None and p > 0.1
    assert low is not None and high is not None and -1 <= low < 0 < high <= 1
    top = [cell("opro", seed, ALL_A, LABELS if seed else GOOD) for seed in range(3)]
    for known in (top, [replace(one, sides={}) for one in top]):
        found = estimate("opro", "mood", known, 3)
        assert found.mean is not None and found.low is not None and found.high is not None
        assert 0 <= found.low < found.mean <= found.high <= 1


def test_equal_answers_are_a_tie_without_an_interval_and_missing_rows_are_left_to_the_means() -> None:
    results = [cell("ape", seed, ALL_A, ALL_A) for seed in range(2)]
    assert compared(results)["ape", INITIAL] == (0.0, None, None, 1.0)
    bare = [replace(one, sides={}) for one in results]
    assert set_contrast([(one, one) for one in bare], ["e0", "e1"], None, initial=True) is None
    mixed = [(results[0], replace(results[0], metric="matthews"))]
    assert set_contrast(mixed, ["e0", "e1"], None, initial=False) is None
