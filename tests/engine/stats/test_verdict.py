"""The verdict: its kind, its method for each sort of values, and its refusals."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from promptwire.stats.intervals import paired_interval
from promptwire.stats.mcnemar import mcnemar
from promptwire.stats.verdict import Verdict, paired_verdict


def binary(fixed: int, broken: int, same: int) -> tuple[list[float], list[float]]:
    return [0.0] * fixed + [1.0] * (broken + same), [1.0] * fixed + [0.0] * broken + [1.0] * same


def graded(n: int, gain: float) -> tuple[list[float], list[float]]:
    rng = random.Random(n)
    before = [rng.random() for _ in range(n)]
    return before, [value + rng.gauss(gain, 0.1) for value in before]


@pytest.mark.parametrize(
    ("fixed", "broken", "same", "kind"),
    [(12, 0, 28, "better"), (0, 12, 28, "worse"), (12, 8, 28, "not shown"), (0, 0, 40, "not shown"), (3, 0, 2, "not shown")],
)
def test_right_and_wrong_answers_give_the_kind_of_their_difference(fixed: int, broken: int, same: int, kind: str) -> None:
    before, after = binary(fixed, broken, same)
    found = paired_verdict(before, after)
    interval = paired_interval(before, after)
    assert (found.kind, found.test, found.fixed, found.broken) == (kind, "McNemar mid-p", fixed, broken)
    assert (found.gain, found.low, found.high, found.n) == tuple(interval)
    assert found.p == mcnemar(fixed, broken)
    assert found.smallest_gain is not None and found.reason == ""


@pytest.mark.parametrize(
    ("n", "gain", "kind"), [(100, 0.1, "better"), (100, -0.1, "worse"), (100, 0.0, "not shown"), (20, 0.2, "better")]
)
def test_graded_values_get_the_sign_flip_test(n: int, gain: float, kind: str) -> None:
    before, after = graded(n, gain)
    found = paired_verdict(before, after)
    assert (found.kind, found.test, found.fixed + found.broken) == (kind, "sign-flip", n)
    assert found.p == pytest.approx(ttest_rel(after, before).pvalue, abs=0.03)
    assert found.low is not None and found.high is not None and found.gain is not None
    assert found.low < found.gain < found.high


def test_the_interval_of_many_graded_values_is_that_of_the_paired_t_test() -> None:
    before, after = graded(100, 0.05)
    found, expected = paired_verdict(before, after), ttest_rel(after, before).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_a_skewed_difference_gets_an_interval_that_is_longer_on_its_long_side() -> None:
    before, after = [0.0] * 60, [0.0] * 50 + [3.0] * 10
    found = paired_verdict(before, after, shares=False)
    assert found.low is not None and found.high is not None and found.gain is not None
    assert found.high - found.gain > 1.1 * (found.gain - found.low)


def test_zeros_and_ones_of_another_scale_are_graded() -> None:
    before, after = binary(12, 0, 28)
    assert paired_verdict(before, after, shares=False).test == "sign-flip"


def test_a_gain_of_one_group_alone_is_not_shown_when_examples_are_grouped() -> None:
    before, after = binary(12, 0, 28)
    groups = ["first"] * 12 + [f"other {place % 6}" for place in range(28)]
    assert paired_verdict(before, after).kind == "better"
    found = paired_verdict(before, after, groups=groups)
    assert (found.kind, found.test, found.groups, found.fixed) == ("not shown", "clustered t", 7, 12)


@pytest.mark.parametrize(("groups", "kind"), [(8, "better"), (4, "not shown")])
def test_groups_with_equal_gains_are_tested_by_their_signs(groups: int, kind: str) -> None:
    found = paired_verdict([0.0] * 3 * groups, [0.0, 0.0, 1.0] * groups, groups=[place // 3 for place in range(3 * groups)])
    assert (found.kind, found.low, found.high, found.smallest_gain) == (kind, None, None, None)
    assert found.p == (pytest.approx(2**-groups) if kind == "better" else None)


def test_too_few_groups_give_no_test_and_say_why() -> None:
    found = paired_verdict(*binary(12, 0, 28), groups=[place % 4 for place in range(40)])
    assert (found.kind, found.p, found.low, found.smallest_gain) == ("not shown", None, None, None)
    assert found.reason == "4 groups of examples: a test needs at least 5"


def test_the_same_prompt_is_neither_better_nor_worse() -> None:
    found = paired_verdict([1.0, 0.0], [1.0, 0.0], same_prompt=True)
    assert (found.kind, found.n, found.gain, found.p) == ("same prompt", 2, 0.0, None)


def test_no_example_gives_no_verdict() -> None:
    assert paired_verdict([], []) == Verdict(kind="not scored", n=0, reason="no example was scored")


def test_one_graded_example_shows_nothing() -> None:
    found = paired_verdict([0.2], [0.9])
    assert (found.kind, found.p, found.reason) == ("not shown", None, "one example shows nothing")


@pytest.mark.parametrize("gain", [0.0, 0.25])
def test_equal_differences_have_no_interval(gain: float) -> None:
    found = paired_verdict([0.5] * 30, [0.5 + gain] * 30)
    assert (found.low, found.high) == (None, None)
    assert found.kind == ("better" if gain else "not shown")


def test_better_and_worse_never_have_an_interval_that_holds_0() -> None:
    for fixed in range(16):
        for broken in range(16 - fixed):
            found = paired_verdict(*binary(fixed, broken, 25 - fixed - broken))
            assert found.low is not None and found.high is not None and found.p is not None
            assert (found.kind == "not shown") == (found.low <= 0 <= found.high or found.p >= 0.05)


def test_sequences_of_unequal_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        paired_verdict([1.0], [])


def holds_zero_where_nothing_is_shown(found: Verdict) -> bool:
    return found.low is None or found.high is None or (found.low <= 0 <= found.high) == (found.kind == "not shown")


@pytest.mark.parametrize("grouped", [False, True])
@given(st.tuples(*[st.integers(0, 30)] * 3).filter(any))
@settings(deadline=None)
def test_the_interval_of_right_answers_holds_0_exactly_where_no_difference_is_shown(
    grouped: bool, counts: tuple[int, int, int]
) -> None:
    before, after = binary(*counts)
    groups = [place % 7 for place in range(len(before))] if grouped else None
    assert holds_zero_where_nothing_is_shown(paired_verdict(before, after, groups=groups))


@pytest.mark.parametrize("grouped", [False, True])
@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])] * 2), min_size=1, max_size=14))
@settings(max_examples=60, deadline=None)
def test_the_interval_of_grades_holds_0_exactly_where_no_difference_is_shown(
    grouped: bool, pairs: list[tuple[float, float]]
) -> None:
    groups = [place // 2 for place in range(len(pairs))] if grouped else None
    before, after = map(list, zip(*pairs, strict=True))
    assert holds_zero_where_nothing_is_shown(paired_verdict(before, after, shares=False, groups=groups))


def test_an_interval_that_ends_above_0_is_lengthened_to_0_where_the_test_sees_no_difference() -> None:
    before, after = binary(8, 2, 0)
    interval = paired_interval(before, after)
    found = paired_verdict(before, after)
    assert interval.low is not None and interval.low > 0 and found.p is not None and found.p > 0.05
    assert (found.kind, found.low, found.high) == ("not shown", 0.0, interval.high)


def test_a_gain_in_shares_has_an_interval_within_1_and_other_values_have_none_such() -> None:
    before, after = [0.0, 0.1, 0.0, 0.0, 0.0, 0.0], [1.0, 0.9, 1.0, 0.4, 1.0, 1.0]
    share, grade = paired_verdict(before, after), paired_verdict(before, after, shares=False)
    assert share.high == 1.0 and grade.high is not None and grade.high > 1.0
    assert (share.low, share.p, share.kind) == (grade.low, grade.p, "better")
