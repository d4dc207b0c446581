"""What stands around an answer and is taken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.answer_wrappers import final_part, readings


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (r"So \boxed{42}. Check: 6 * 7", "42"),
        (r"\boxed{1}, no, \boxed{\frac{3}{4}}", r"\frac{3}{4}"),
        ("<answer> B </answer> as said", "B"),
        ("<Final_Answer>B</Final_Answer>", "B"),
        ("<answer>B", ""),
        ("plain", ""),
    ],
)
def test_the_last_box_or_answer_tag_holds_the_answer(text: str, part: str) -> None:
    assert final_part(text) == part


@pytest.mark.parametrize("answer", ["(A)", "a_b", "**", "3.5", "{}", '{"a": 1, "b": 2}', "...", "x = 5", "5!", "- 3"])
def test_what_may_be_the_answer_itself_stays(answer: str) -> None:
    assert readings(answer) == [answer]


@given(st.text())
def test_every_answer_is_its_own_first_reading(answer: str) -> None:
    assert readings(answer)[0] == answer.strip()


@pytest.mark.parametrize("piece", ["*", "**a**", "`", "a:", "<a>", "{", "\\boxed{", "!", "\U0001f600", '"'])
def test_a_hostile_answer_is_unwrapped(piece: str) -> None:
    readings(piece * (5_000 // len(piece)))
    final_part(piece * (500_000 // len(piece)))
