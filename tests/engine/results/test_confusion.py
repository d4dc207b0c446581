"""Confusion tables: every answer is in one cell, unreadable replies in a column of their own."""

from __future__ import annotations

from promptwire.results.confusion import Confusion, confusion
from promptwire.values import Answer, Row


def row(truth: str, answer: str, **rest: object) -> Row:
    return Row("p", "e", "", answer, float(truth == answer), bool(answer), truth=truth, **rest)  # type: ignore[arg-type]


def test_rows_are_right_labels_and_columns_answers_with_unreadable_ones_last() -> None:
    initial = [row("a", "a"), row("a", ""), row("b", "a")]
    best = [row("a", "a"), row("a", "c"), row("b", "b")]
    found = confusion(initial, best)
    assert found == Confusion(
        labels=("a", "b", "c"),
        initial=((1, 0, 0, 1), (1, 0, 0, 0), (0, 0, 0, 0)),
        best=((1, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 0)),
    )
    assert [sum(map(sum, table)) for table in (found.initial, found.best)] == [3, 3]


def test_each_answer_to_an_example_counts() -> None:
    several = row("a", "b", repeats=(Answer("", "a", 1.0, truth="a"), Answer("", "b", 0.0, truth="a")))
    assert confusion([several], [several]).best == ((1, 1, 0), (0, 0, 0))
