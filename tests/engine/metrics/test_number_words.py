"""Numbers in English words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.number_words import spelled


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("five", 5),
        ("Twelve apples", 12),
        ("There are twelve apples.", 12),
        ("twelve percent", 12),
        ("one hundred twenty", 120),
        ("two hundred and five", 205),
        ("three thousand two hundred", 3200),
        ("twenty-one million", 21_000_000),
        ("minus three", -3),
        ("zero", 0),
        ("two three", None),
        ("twenty twenty", None),
        ("nineteen ninety", None),
        ("two thousand million", None),
        ("three quarters", None),
        ("two and a half", None),
        ("three point five", None),
        ("ten or eleven", None),
        ("one person", None),
        ("Only one knows", None),
        ("", None),
    ],
)
def test_only_one_number_in_words_has_a_value(text: str, value: float | None) -> None:
    assert spelled(text) == value


@given(st.lists(st.sampled_from(["one", "two", "twenty", "hundred", "thousand", "million", "and"])).map(" ".join))
def test_any_words_have_a_value_or_none(text: str) -> None:
    spelled(text)
