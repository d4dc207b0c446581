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
        ("5", "A5", False),
        ("4", "the C4 bomb", False),
        ("4", "GPT-4", False),
        ("3", "3x", False),
        ("5", "5A", False),
        ("5", "5kg", True),
        ("1", "1.2.3", False),
        ("192", "192.168.0.5", False),
        ("1.2.3", "version 1.2.3.", True),
        ("10 km", "3/10 km", False),
        ("10 km", "about 10 km", True),
        ("30 pm", "12:30 pm", False),
        ("can", "I can't", False),
        ("can", "I can do it", True),
        ("won", "won't", False),
        ("don", "don\u2019t", False),
        ("t", "can't", False),
        ("don't", "I don't", True),
        ("cat", "the cat's", True),
        ("we", "we're", True),
        ("Ankara", "Ankara'da", True),
        ("x", "x^2", False),
        ("x", "2^x", False),
        ("x", "x = 5", True),
        ("Paris", "Paris\u00b9", True),
        ("snake_case", "use **snake_case**", True),
        ("**bold**", "so **bold** it", True),
        ("\u0e01", "\u0e01\u0e32", False),  # Thai vowels after and before their consonant
        ("\u0e01", "\u0e41\u0e01", False),
        ("\u0e01\u0e32", "\u0e01\u0e32\u0e23", False),
        ("\u0e01", "(\u0e01)", True),
        (
            "\u0e43\u0e0a\u0e48",
            "\u0e04\u0e33\u0e15\u0e2d\u0e1a\u0e04\u0e37\u0e2d\u0e43\u0e0a\u0e48\u0e04\u0e23\u0e31\u0e1a",
            True,
        ),
        ("\u1798\u17b6", "\u1798\u17b6\u1793", False),  # Khmer
        ("\u1794\u17b6\u1791", "\u1785\u1798\u17d2\u179b\u17be\u1799\u1794\u17b6\u1791", True),
        ("\u1000", "\u1000\u101c\u1031\u1038", False),  # Burmese
    ],
)
def test_a_word_occurs_whole(wanted: str, text: str, found: bool) -> None:
    assert occurs(wanted, text) == found


def test_a_part_of_a_longer_label_does_not_occur() -> None:
    assert not occurs("positive", "It is not positive.", ["positive", "not positive"])
    assert occurs("positive", "It is not positive.", ["positive", "negative"])


@pytest.mark.parametrize(
    "text",
    [
        "not **positive**", "It is not *positive*.", "**not** positive", "**not positive**", "not `positive`", 'not "positive"',
        "not 'positive'", "not \u201cpositive\u201d",
    ],
)  # fmt: skip
def test_marks_inside_a_longer_label_do_not_hide_it(text: str) -> None:
    labels = ["positive", "not positive"]
    assert not occurs("positive", text, labels)
    assert occurs("not positive", text, labels)
    assert occurs("positive", f"{text}? No: *positive*", labels)


@pytest.mark.parametrize("text", ["Not entailment", "**Not** entailment", "**not_entailment**"])
def test_a_longer_label_with_an_underscore_may_be_written_with_a_blank(text: str) -> None:
    assert not occurs("entailment", text, ["entailment", "not_entailment"])


@given(st.text(), st.text())
def test_any_texts_can_be_compared(wanted: str, text: str) -> None:
    occurs(wanted, text)


@pytest.mark.parametrize("piece", ["a", "a ", "not a ", "1", "1 "])
def test_a_hostile_text_of_half_a_megabyte_is_searched(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    occurs("a", text, ["a", "not a"])
    occurs("1", text)
