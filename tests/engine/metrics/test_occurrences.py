"""Where one text occurs in another as whole words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.occurrences import occurs


@pytest.mark.parametrize(
    ("wanted", "text", "found"),
    [
        ("store", "in the store.", True),
        ("store", "restored", False),
        ("5", "3.5", False),
        ("5", "-5", False),
        ("-5", "It is -5.", True),
        ("1000", "1,000", True),
        ("positive", "non-positive", False),
        ("positive", "_positive_", True),
        ("", "anything", False),
    ],
)
def test_a_word_occurs_whole(wanted: str, text: str, found: bool) -> None:
    assert occurs(wanted, text) == found


def test_a_part_of_a_longer_label_does_not_occur() -> None:
    assert not occurs("positive", "It is not positive.", ["positive", "not positive"])
    assert occurs("positive", "It is not positive.", ["positive", "negative"])


@given(st.text(), st.text())
def test_any_texts_can_be_compared(wanted: str, text: str) -> None:
    occurs(wanted, text)


@pytest.mark.parametrize("piece", ["a", "a ", "not a ", "1", "1 "])
def test_a_hostile_text_of_half_a_megabyte_is_searched(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    occurs("a", text, ["a", "not a"])
    occurs("1", text)
