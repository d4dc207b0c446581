"""Prompts are compared word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.results.word_diff import Piece, word_diff


@given(st.text(), st.text())
def test_the_pieces_make_both_texts(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("Same.", "Same.", [("same", "Same.")]),
        ("", "New.", [("added", "New.")]),
        ("Say the colour.", "Say the size.", [("same", "Say the "), ("removed", "colour"), ("added", "size"), ("same", ".")]),
    ],
)
def test_words_are_the_units(before: str, after: str, pieces: list[tuple[str, str]]) -> None:
    assert list(word_diff(before, after)) == [Piece(*piece) for piece in pieces]  # type: ignore[arg-type]


def test_very_long_texts_are_shown_one_after_the_other() -> None:
    assert [piece.kind for piece in word_diff("a " * 5000, "b " * 5000)] == ["removed", "added"]
