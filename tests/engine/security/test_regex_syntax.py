"""A translated pattern finds the characters that `re` finds, in all parts of Unicode."""

from __future__ import annotations

import re

import pytest
import regex

from promptwire.security.regex_syntax import translate

BOUNDS = (0x30000, 0x3FFF0, 0x40000, 0x4000F, 0x50000, 0x500FF, 0x60000, 0xE0100, 0x100000, 0x10FFFF)
CODES = {*range(0x3000), *range(0x1E900, 0x1E950), *range(0, 0x110000, 61)} | {
    one + near for one in BOUNDS for near in range(-9, 9)
}
SOME = "".join(chr(code) for code in sorted(CODES) if code < 0x110000)


def spans(finds: object) -> list[tuple[int, int]]:
    return [found.span() for found in finds]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        (r"\d+", 0),
        (r"[^\d]+", 0),
        (r"[\s\dx]+", 0),
        ("k+", re.IGNORECASE),
        ("[\u0130\u017f-\u0200]+", re.IGNORECASE),
        ("[^\u0100-\U00050000]+", re.IGNORECASE),
        ("[a\U00040000\U00040001\U000500ff-\U00060000\U0010ffff]+", re.IGNORECASE),
        ("[\U0003fff0-\U0004000f]+", re.IGNORECASE),
        ("\U00100000+", re.IGNORECASE),
        (r"[\W\U00050000]+", re.IGNORECASE),
        (r"[\wz]+", re.IGNORECASE),
    ],
)
def test_it_finds_the_characters_that_re_finds(pattern: str, flags: int) -> None:
    assert spans(regex.finditer(translate(pattern, flags), SOME, regex.V0)) == spans(re.finditer(pattern, SOME, flags))
