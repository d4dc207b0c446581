"""Which mentions in an answer are denied, asked about or spared."""

from __future__ import annotations

import pytest

from promptwire.metrics.denials import denied, spared


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is X.", False),
        ("It is not X.", True),
        ("X is wrong.", True),
        ("X is not only cheap.", False),
        ("X, no doubt.", False),
        ("Is it X?", True),
        ("Is it X? Yes.", False),
        ("Which one is it? X.", False),
        ("X? No.", True),
        ("The wrong answer is X", True),
        ("The right answer is X", False),
        ("Anything but X", True),
        ("Not Y, but X", False),
    ],
)
def test_a_mention_is_denied_or_not(text: str, found: bool) -> None:
    start = text.index("X")
    assert denied(text, start, start + 1) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("All except X are wrong", True),
        ("All options but X are incorrect", True),
        ("All except X are right", False),
        ("None but X is right", True),
        ("Everything is wrong", False),
    ],
)
def test_a_mention_is_spared_or_not(text: str, found: bool) -> None:
    start = text.find("X") if "X" in text else 0
    assert spared(text, start, start + 1) == found
