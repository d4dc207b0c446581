"""The verdict by a score that is no mean: better, worse, not shown, and why there is no test."""

from __future__ import annotations

import pytest

from promptwire.stats.set_verdict import set_verdict
from promptwire.stats.verdict import VerdictKind
from promptwire.values import Row


def rows(pairs: str) -> list[Row]:
    """Rows of pairs such as `aa ab`: right answer, then answer."""
    return [
        Row("p", str(place), "", pair[1], float(pair[0] == pair[1]), truth=pair[0]) for place, pair in enumerate(pairs.split())
    ]


BAD, GOOD = rows("aa aa aa ba ba " * 6), rows("aa aa aa bb bb " * 6)


@pytest.mark.parametrize(
    ("before", "after", "kind"), [(BAD, GOOD, "better"), (GOOD, BAD, "worse"), (BAD, [*BAD[:-1], GOOD[-1]], "not shown")]
)
def test_the_verdict_follows_interval_and_test(before: list[Row], after: list[Row], kind: VerdictKind) -> None:
    found = set_verdict(before, after, "macro-f1")
    assert (found.kind, found.test, found.n) == (kind, "jackknife t", 30)
    assert found.p is not None and (found.p < 0.05) == (kind != "not shown")
    assert found.low is not None and found.high is not None and (found.low <= 0 <= found.high) == (kind == "not shown")


def test_examples_are_fixed_and_broken_by_their_own_value() -> None:
    found = set_verdict(BAD, GOOD, "macro-f1")
    assert (found.fixed, found.broken, found.gain) == (12, 0, pytest.approx(1 - 0.375))
    assert found.smallest_gain is not None and found.smallest_gain < 0.625


def test_the_same_prompt_is_not_tested() -> None:
    assert set_verdict(GOOD, GOOD, "macro-f1", same_prompt=True).kind == "same prompt"


def test_few_examples_and_few_groups_are_said() -> None:
    assert set_verdict([], [], "macro-f1").kind == "not scored"
    assert set_verdict(BAD[:3], GOOD[:3], "macro-f1").reason == "3 examples: a test needs at least 5"
    grouped = set_verdict(BAD, GOOD, "macro-f1", groups=[place % 2 for place in range(30)])
    assert (grouped.kind, grouped.reason) == ("not shown", "2 groups of examples: a test needs at least 5")


def test_enough_groups_are_tested_as_wholes() -> None:
    found = set_verdict(BAD, [*BAD[:4], *GOOD[4:]], "macro-f1", groups=[place // 5 for place in range(30)])
    assert (found.kind, found.groups, found.test) == ("better", 6, "clustered jackknife t")


@pytest.mark.parametrize(("groups", "kind", "p"), [(6, "better", 1 / 2**6), (4, "not shown", None)])
def test_groups_with_equal_gains_are_tested_by_their_signs(groups: int, kind: VerdictKind, p: float | None) -> None:
    n = 5 * groups
    found = set_verdict(BAD[:n], GOOD[:n], "macro-f1", groups=[place // 5 for place in range(n)])
    assert (found.kind, found.p, found.low) == (kind, p, None)
    assert found.test == ("sign-flip of groups" if p else "")
