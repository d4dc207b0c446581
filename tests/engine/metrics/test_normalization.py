"""Which spellings are one to a reader, and where words end in scripts of all kinds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.normalization import joined, plain, words


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("\uff21\uff22\uff11\uff01", "AB1!"),
        ("1\u00bd", "1 1/2"),
        ("\u00be", "3/4"),
        ("10\u2075", "10^5"),
        ("10\u207b\u00b3", "10^-3"),
        ("m\u00b2", "m^2"),
        ("\u22123", "-3"),
        ("a\u200bb\ufeff", "ab"),
        ("\u0663\u066b\u0665", "3.5"),
        ("\u096a\u0968", "42"),
        ("it\u2019s", "it's"),
        ("Gru\u0308n", "Gr\u00fcn"),
        ("\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0645\u062d\u0645\u062f"),
        ("\u00e9", "\u00e9"),
        ("\u0e04\u0e33", "\u0e04\u0e33"),  # Thai
        ("\u0e04\u0e4d\u0e32", "\u0e04\u0e33"),
        ("\u0e99\u0eb3", "\u0e99\u0eb3"),  # Lao
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),
    ],
)
def test_spellings_that_look_the_same_are_one(text: str, same: str) -> None:
    assert plain(text) == same


@pytest.mark.parametrize(
    ("left", "right", "one_word"),
    [
        ("a", "b", True),
        ("a", " ", False),
        ("\u0928", "\u094d", True),  # a Hindi letter and its sign
        ("\u094d", "\u0926", True),
        ("\u662f", "T", False),  # Chinese beside Latin
        ("\u4e1c", "\u4eac", False),  # between two Chinese characters a word may end
        ("\u30da", "\u30f3", True),  # Katakana
        ("", "a", False),
    ],
)
def test_words_end_where_a_reader_sees_it(left: str, right: str, one_word: bool) -> None:
    assert joined(left, right) == one_word


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The sea-lion's 3.5 (m)!", ["the", "sea", "lions", "3.5", "m"]),
        ("-3 and 5-3", ["-3", "and", "5", "3"]),
        ("C++, C# and C", ["c++", "c#", "and", "c"]),
        ("1,234 or 1,2", ["1234", "or", "1", "2"]),
        ("\u6771\u4eac\u3001OK\u3002", ["\u6771", "\u4eac", "ok"]),
        (
            "\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e\u0964",
            ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u092d\u093e\u0937\u093e"],
        ),
        ("\uc11c\uc6b8 \ub3c4\uc2dc", ["\uc11c\uc6b8", "\ub3c4\uc2dc"]),
        ("?!", []),
    ],
)
def test_words_leave_out_punctuation_and_keep_numbers_whole(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_a_text_that_is_plain_stays(text: str) -> None:
    assert plain(plain(plain(text))) == plain(plain(text))
    words(text)
