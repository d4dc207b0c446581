"""Rows of the comparison: what each example contributes to the scores of both prompts."""

from __future__ import annotations

import pytest

from promptwire.results.heldout_rows import PairedRow, Side, contributed, score_row

TRUTHS = "aaab"


def rows(initial: str, best: str) -> list[PairedRow]:
    """Rows with these answers, one letter an example; a dash is an unreadable reply."""

    def side(truth: str, answer: str) -> Side:
        return Side(float(truth == answer), answer, answer.strip("-"), answer != "-", truth=truth)

    sides = zip(TRUTHS, initial, best, strict=True)
    return [PairedRow(str(place), None, side(truth, one), side(truth, two)) for place, (truth, one, two) in enumerate(sides)]


@pytest.mark.parametrize(
    ("metric", "initial", "best"), [("exact", 0.75, 0.5), ("balanced-accuracy", 0.5, 2 / 3), ("macro-f1", 3 / 7, 7 / 12)]
)
def test_the_mean_of_what_examples_contribute_is_the_score(metric: str, initial: float, best: float) -> None:
    first, second = contributed(rows("aaaa", "ab-b"), metric)
    assert list(first) == list(second) == ["0", "1", "2", "3"]
    assert sum(first.values()) / 4 == pytest.approx(initial)
    assert sum(second.values()) / 4 == pytest.approx(best)


def test_values_of_single_answers_are_contributed_as_they_are() -> None:
    assert contributed(rows("aaaa", "ab-b"), "exact")[1] == {"0": 1.0, "1": 0.0, "2": 0.0, "3": 1.0}


def test_rows_without_right_answers_contribute_nothing_to_a_score_over_all_answers() -> None:
    bare = PairedRow("0", None, Side(1.0, answer="a"), Side(0.0, answer="b"))
    assert contributed([bare], "macro-f1") == ({}, {})
    assert contributed([bare], "exact") == ({"0": 1.0}, {"0": 0.0})


def test_a_side_that_an_earlier_version_recorded_has_a_value_and_no_answer() -> None:
    row = score_row("e", Side(0.5))
    assert (row.value, row.answer, row.truth, row.repeats) == (0.5, "", "", ())


def test_all_answers_of_an_example_are_in_its_row() -> None:
    several = Side(0.5, "a", "a", truth="a", repeats=(Side(1.0, "a", "a", truth="a"), Side(0.0, "b", "b", truth="a")))
    assert [(one.answer, one.truth) for one in score_row("e", several).repeats] == [("a", "a"), ("b", "a")]
