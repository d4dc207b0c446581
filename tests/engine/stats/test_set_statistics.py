"""Set statistics: against scikit-learn and scipy, against tables worked by hand, and what an unreadable reply does to them."""

from __future__ import annotations

import math
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.stats.set_statistics import STATISTICS, statistic_of

LABELS = st.sampled_from(["a", "b", "c"])
ANSWERS = st.sampled_from(["a", "b", "c", "d", ""])
CLASSES = st.lists(st.tuples(LABELS, ANSWERS), min_size=1, max_size=40)
NUMBERS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=40)


def value(name: str, pairs: list[tuple[str, str]]) -> float:
    return STATISTICS[name].of(pairs)


HAND = [("a", "a")] * 6 + [("a", "b")] * 2 + [("b", "b")] * 1 + [("b", "a")] * 1
"""Label a: 6 of 8 right, b: 1 of 2 right; a is answered 7 times, b 3 times."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("macro-f1", (2 * 6 / (8 + 7) + 2 * 1 / (2 + 3)) / 2),
        ("balanced-accuracy", (6 / 8 + 1 / 2) / 2),
        ("matthews", (6 * 1 - 2 * 1) / math.sqrt(7 * 8 * 3 * 2)),
    ],
)
def test_a_table_worked_by_hand_has_these_scores(name: str, expected: float) -> None:
    assert value(name, HAND) == pytest.approx(expected)


@given(CLASSES)
def test_statistics_of_labels_agree_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    truths, answers = [truth for truth, _ in pairs], [answer for _, answer in pairs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about labels that were answered and are never right
        macro = sklearn.f1_score(truths, answers, labels=sorted(set(truths)), average="macro", zero_division=0)
        balanced = sklearn.balanced_accuracy_score(truths, answers)
        matthews = sklearn.matthews_corrcoef(truths, answers)
    assert value("macro-f1", pairs) == pytest.approx(macro)
    assert value("balanced-accuracy", pairs) == pytest.approx(balanced)
    assert value("matthews", pairs) == pytest.approx(matthews, abs=1e-12)


@given(NUMBERS)
def test_correlations_agree_with_scipy(numbers: list[tuple[int, int]]) -> None:
    scipy = pytest.importorskip("scipy.stats")
    pairs = [(str(truth), str(answer)) for truth, answer in numbers]
    truths, answers = zip(*numbers, strict=True)
    if len(set(truths)) < 2 or len(set(answers)) < 2:
        assert (value("pearson", pairs), value("spearman", pairs)) == (0.0, 0.0)
    else:
        assert value("pearson", pairs) == pytest.approx(scipy.pearsonr(truths, answers).statistic, abs=1e-12)
        assert value("spearman", pairs) == pytest.approx(scipy.spearmanr(truths, answers).statistic, abs=1e-12)


@pytest.mark.parametrize("name", ["macro-f1", "balanced-accuracy", "matthews"])
def test_an_unreadable_reply_is_a_wrong_answer_of_its_own_class(name: str) -> None:
    right = [("a", "a"), ("a", "a"), ("b", "b"), ("b", "b")]
    unread = [*right[:3], ("b", "")]
    assert value(name, unread) < value(name, right) == 1.0
    assert value(name, unread) != value(name, right[:3])


@pytest.mark.parametrize("name", ["macro-f1", "balanced-accuracy"])
def test_an_unreadable_reply_costs_no_more_than_a_wrong_label(name: str) -> None:
    assert value(name, [("a", "a"), ("a", ""), ("b", "b")]) >= value(name, [("a", "a"), ("a", "b"), ("b", "b")])


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_an_unreadable_reply_counts_as_the_farthest_right_number(name: str) -> None:
    told = [("1", "1"), ("2", "2"), ("5", "5"), ("4", "4")]
    unread = [*told[:3], ("4", "")]
    assert value(name, unread) == value(name, [*told[:3], ("4", "1")]) < value(name, told)


@pytest.mark.parametrize("name", STATISTICS)
def test_a_prompt_without_any_readable_reply_scores_no_better_than_chance(name: str) -> None:
    truths = ["1", "2", "3", "4"]
    assert value(name, [(truth, "") for truth in truths]) <= 0.0


@pytest.mark.parametrize("name", STATISTICS)
def test_perfect_answers_score_1_and_every_score_is_on_the_scale(name: str) -> None:
    assert value(name, [("1", "1"), ("2", "2"), ("3", "3")]) == pytest.approx(1.0)
    low, high = STATISTICS[name].scale
    assert low <= value(name, [("1", "3"), ("2", "2"), ("3", "1")]) <= high


@pytest.mark.parametrize("name", ["pearson", "spearman"])
@pytest.mark.parametrize("size", ["1e300", "1e-300", "1e-320"])
def test_correlations_of_huge_and_tiny_numbers_are_defined(name: str, size: str) -> None:
    pairs = [(f"{int(size[0]) * number}{size[1:]}", f"{number}{size[1:]}") for number in (1, 2, 3)]
    assert value(name, pairs) == pytest.approx(1.0)


@pytest.mark.parametrize(("metric", "name"), [("macro-f1", "macro-f1"), ("macro-f1/choice", "macro-f1"), ("exact", None)])
def test_a_metric_has_the_statistic_of_its_name(metric: str, name: str | None) -> None:
    found = statistic_of(metric)
    assert (found.name if found else None) == name
