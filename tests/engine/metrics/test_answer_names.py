"""Names before a colon: which name an answer, and which deny it."""

from __future__ import annotations

import pytest

from promptwire.metrics.answer_names import is_name, may_name

SENTIMENTS = ("positive", "negative")


@pytest.mark.parametrize(
    ("name", "labels", "names"),
    [
        ("Sentiment", (), True),
        ("The sentiment of the review is", (), True),
        ("Antonym", (), True),
        ("The opposite of hot is", (), True),
        ("Opposite", (), True),
        ("Warning", (), False),
        ("Mood of the guest", SENTIMENTS, True),
        ("negative", SENTIMENTS, False),
        ("Opposite", SENTIMENTS, False),
        ("Opposite of", (), False),
    ],
)
def test_a_name_of_an_answer_is_told_from_a_label(name: str, labels: tuple[str, ...], names: bool) -> None:
    assert is_name(name, labels) == names


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("Bad review", True),
        ("False positive rate", True),
        ("Wrong answer", False),
        ("Worst label", False),
        ("Wrong", False),
        ("The wrong one", False),
        ("not", False),
    ],
)
def test_a_word_such_as_wrong_denies_only_an_answer(name: str, may: bool) -> None:
    assert may_name(name, ()) == may
