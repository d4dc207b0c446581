"""Words around an option letter."""

from __future__ import annotations

import re

import pytest

from promptwire.metrics.option_phrases import CORRECTS, NEXT_QUESTION, RIGHT, TICK


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (RIGHT, " the correct answer", True),
        (RIGHT, " as the only possible answer", True),
        (RIGHT, " the wrong answer", False),
        (RIGHT, "\u9009\u9879\u6b63\u786e", True),
        (RIGHT, "\u9009\u9879\u9519\u8bef", False),
        (TICK, ". Paris is in France. \u2705\n", True),
        (TICK, ". London \u274c\n", False),
    ],
)
def test_words_after_a_letter_call_it_right(pattern: re.Pattern[str], text: str, found: bool) -> None:
    assert (pattern.match(text) is not None) == found


@pytest.mark.parametrize(
    ("text", "found"), [("A... wait, no, it's ", True), ("Actually ", True), ("I wait for ", False), ("The answer is ", False)]
)
def test_words_before_a_letter_take_back_another(text: str, found: bool) -> None:
    assert (CORRECTS.search(text) is not None) == found


@pytest.mark.parametrize(("text", "found"), [("B\n\nQuestion: What", True), ("B\n\nQ2: What", True), ("Question: What", False)])
def test_a_question_of_the_model_ends_its_answer(text: str, found: bool) -> None:
    assert (NEXT_QUESTION.search(text) is not None) == found
