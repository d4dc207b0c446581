"""Intervals and test of scores that are no mean: known formulas, agreement of interval and p-value, refusals, groups, speed."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptwire.stats import set_gain as module
from promptwire.stats.clustered import clustered
from promptwire.stats.intervals import paired_interval
from promptwire.stats.prompt_score import rows_score
from promptwire.stats.set_gain import score_interval, set_gain
from promptwire.stats.set_statistics import STATISTICS
from promptwire.values import Answer, Row

LABELLED = [name for name, one in STATISTICS.items() if not one.graded]
NUMERIC = [name for name, one in STATISTICS.items() if one.graded]


def made(pairs: list[tuple[str, str]]) -> list[Row]:
    return [Row("p", str(place), "", said, float(right == said), truth=right) for place, (right, said) in enumerate(pairs)]


def rows(pairs: str) -> list[Row]:
    """Rows of pairs such as `aa ab`: right answer, then answer."""
    return made([(pair[0], pair[1]) for pair in pairs.split()])


BEFORE, AFTER = rows("aa ab aa ba ba bb aa ba ab"), rows("aa aa aa bb ba bb aa bb aa")
LABELS = st.lists(st.tuples(*[st.sampled_from(one) for one in ("aab", "ab-", "ab-")]), min_size=5, max_size=60)
NUMBERS = st.lists(st.tuples(*[st.integers(1, 5) for _ in range(3)]), min_size=5, max_size=40)


def sides(given: list[tuple[object, object, object]]) -> tuple[list[Row], list[Row]]:
    told = [tuple(str(one).strip("-") for one in each) for each in given]
    return made([(each[0], each[1]) for each in told]), made([(each[0], each[2]) for each in told])


@pytest.mark.parametrize("grouped", [False, True])
@given(LABELS, st.sampled_from(LABELLED))
@settings(max_examples=60, deadline=None)
def test_the_interval_of_a_gain_in_labels_holds_0_exactly_where_p_is_5_percent_or_more(
    grouped: bool, answers: list[tuple[object, object, object]], metric: str
) -> None:
    agree(answers, metric, grouped)


@pytest.mark.parametrize("grouped", [False, True])
@given(NUMBERS, st.sampled_from(NUMERIC))
@settings(max_examples=40, deadline=None)
def test_the_interval_of_a_gain_in_numbers_holds_0_exactly_where_p_is_5_percent_or_more(
    grouped: bool, answers: list[tuple[object, object, object]], metric: str
) -> None:
    agree(answers, metric, grouped)


def agree(answers: list[tuple[object, object, object]], metric: str, grouped: bool) -> None:
    before, after = sides(answers)
    found = set_gain(before, after, metric, [place // 2 for place in range(len(before))] if grouped else None)
    if found.low is None or found.high is None:
        assert grouped or metric in NUMERIC or len({row.truth for row in before}) == 1
        return
    assert found.p is not None and found.low <= found.mean <= found.high
    assert (found.low <= 0 <= found.high) == (found.p >= 0.05)


@given(LABELS, st.sampled_from(LABELLED))
@settings(max_examples=60, deadline=None)
def test_the_interval_of_a_score_holds_it_and_stays_on_its_scale(
    answers: list[tuple[object, object, object]], metric: str
) -> None:
    mine, scale = sides(answers)[1], STATISTICS[metric].scale
    found = score_interval(mine, metric)
    if metric == "matthews" and len({row.truth for row in mine}) == 1:  # it is not defined then
        assert found[:3] == (0.0, None, None)
        return
    assert found.low is not None and found.high is not None and found.mean == rows_score(mine, metric)
    assert scale[0] <= found.low <= found.mean <= found.high <= scale[1] + 1e-12


def test_with_one_label_the_error_is_about_that_of_bonett_and_price() -> None:
    """Balanced accuracy of one label is the share of right answers."""
    pairs = [("a", "", "a")] * 30 + [("a", "a", "")] * 18 + [("a", "a", "a")] * 252
    before, after = sides(pairs)
    found, known = (
        set_gain(before, after, "balanced-accuracy"),
        paired_interval(*[[row.value for row in one] for one in (before, after)]),
    )
    assert (found.mean, found.low, found.high) == (
        pytest.approx(known.mean),
        pytest.approx(known.low, abs=0.01),
        pytest.approx(known.high, abs=0.01),
    )


def test_the_error_of_balanced_accuracy_is_that_of_the_labels_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """With next to no imagined examples: the root of the sum of each label's s² / n, divided by the number of labels."""
    monkeypatch.setattr(module, "IMAGINED_GAIN", 1e-6)
    before, after = sides(
        [("a", "a", "b")] * 3 + [("a", "b", "a")] * 9 + [("a", "a", "a")] * 8 + [("b", "a", "b")] * 4 + [("b", "b", "b")] * 6
    )
    variances = []
    for label in "ab":
        own = [two.value - one.value for one, two in zip(before, after, strict=True) if one.truth == label]
        mean = sum(own) / len(own)
        variances.append(sum((value - mean) ** 2 for value in own) / (len(own) - 1) / len(own) / 4)
    found = set_gain(before, after, "balanced-accuracy")
    assert found.error == pytest.approx(math.sqrt(sum(variances)), rel=1e-4)
    assert found.freedom == pytest.approx(sum(variances) ** 2 / (variances[0] ** 2 / 19 + variances[1] ** 2 / 9), rel=1e-4)


def test_a_correlation_has_the_jackknife_interval_on_fishers_scale() -> None:
    rng = random.Random(3)
    truths = [rng.randint(1, 9) for _ in range(50)]
    mine = made([(str(one), str(one + rng.randint(-3, 3))) for one in truths])
    whole = rows_score(mine, "pearson")
    left = [rows_score(mine[:place] + mine[place + 1 :], "pearson") for place in range(50)]
    error = math.sqrt(49 / 50 * sum((one - sum(left) / 50) ** 2 for one in left))
    found = score_interval(mine, "pearson")
    assert found.low == pytest.approx(math.tanh(math.atanh(whole) - 2.0096 * error / (1 - whole**2)), abs=1e-4)


def test_examples_in_groups_have_the_clustered_error_of_what_they_contribute() -> None:
    before, after = sides([("a", "", "a"), ("a", "a", "a"), ("a", "a", "")] * 20)
    groups = [place // 4 for place in range(60)]
    found = set_gain(before, after, "balanced-accuracy", groups)
    known = clustered([two.value - one.value for one, two in zip(before, after, strict=True)], groups)
    assert (found.error, found.freedom, found.p) == (pytest.approx(known.error), known.freedom, pytest.approx(known.p))


def test_too_few_examples_or_groups_give_no_interval_and_no_test() -> None:
    assert score_interval(AFTER[:4], "macro-f1")[1:] == (None, None, 4)
    assert set_gain(BEFORE[:4], AFTER[:4], "macro-f1")[1:] == (None,) * 5
    assert set_gain(BEFORE, AFTER, "macro-f1", groups=list("aaabbbccc"))[1:] == (None,) * 5


def test_no_rows_have_no_score_and_no_gain() -> None:
    assert score_interval([], "macro-f1") == (None, None, None, 0)
    with pytest.raises(ValueError, match="no rows"):
        set_gain([], [], "macro-f1")


def test_a_metric_that_is_a_mean_is_refused() -> None:
    with pytest.raises(ValueError, match="exact is a mean"):
        set_gain(BEFORE, AFTER, "exact")


@pytest.mark.parametrize("metric", LABELLED)
def test_equal_answers_have_a_p_value_of_1_and_an_interval_around_0(metric: str) -> None:
    found = set_gain(BEFORE, BEFORE, metric)
    assert (found.mean, found.p) == (0.0, 1.0) and found.high == pytest.approx(-(found.low or 0))


def test_equal_numbers_have_a_p_value_of_1_and_no_interval() -> None:
    mine = made([(str(one), str(one)) for one in range(9)])
    assert set_gain(mine, mine, "spearman") == (0.0, None, None, 1.0, None, None)


def test_perfect_answers_have_an_interval_below_1() -> None:
    found = score_interval(rows("aa bb " * 20), "matthews")
    assert found.low is not None and found.mean == found.high == 1.0 and 0.6 < found.low < 0.99


def test_labels_with_one_example_each_do_not_end_in_an_endless_interval() -> None:
    """Each has no variance of its own, so they have one together."""
    pairs = [("a", "", "a")] * 20 + [(label, label, label) for label in "bcdefg"]
    found = set_gain(*sides(pairs), "macro-f1")
    assert found.freedom is not None and found.freedom > 4


def test_unreadable_answers_alone_have_a_score_of_0_with_an_interval() -> None:
    found = score_interval(made([("a", ""), ("b", "")] * 20), "macro-f1")
    assert found.mean == found.low == 0 and found.high is not None and 0 < found.high < 0.4


def test_several_answers_to_an_example_count_as_one_example() -> None:
    def repeated(row: Row, times: int) -> Row:
        said = Answer("", row.answer, row.value, truth=row.truth)
        return Row(row.prompt, row.example, "", row.answer, row.value, truth=row.truth, repeats=(said,) * times)

    once = set_gain(BEFORE * 4, AFTER * 4, "macro-f1")
    thrice = set_gain([repeated(row, 3) for row in BEFORE * 4], [repeated(row, 3) for row in AFTER * 4], "macro-f1")
    assert thrice.p == pytest.approx(once.p) and thrice.error == pytest.approx(once.error)


def test_many_examples_of_a_correlation_are_left_out_in_parts() -> None:
    rng = random.Random(1)
    mine = made([(str(one), str(one + rng.randint(-3, 3))) for one in (rng.randint(1, 9) for _ in range(900))])
    found, parts = score_interval(mine, "pearson"), score_interval(mine[:200], "pearson")
    assert found.low is not None and found.high is not None and parts.low is not None and parts.high is not None
    assert (parts.high - parts.low) / (found.high - found.low) == pytest.approx(math.sqrt(4.5), rel=0.25)
