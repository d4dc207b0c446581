"""Read a text that is only a number in English words, such as "The answer is one hundred twenty apples"."""

from __future__ import annotations

import re

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["spelled"]

_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SIZES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_WORD = rf"(?:{'|'.join((*_TENS, *sorted(_UNITS, key=len, reverse=True), 'hundred', *_SIZES))})\b"
_NO_NOUN = (
    r"and|or|to|of|out|in|by|plus|minus|times|point|dozen|more|less|hal(?:f|ves)|thirds?|quarters?"
    r"|(?:four|fif|six|seven|eigh|nin|ten|eleven|twelf|hundred|thousand)ths?"
)
_SPELLED = lazy_pattern(
    r"\W*(?:(?:(?:the|my|final|correct)\s+)*(?:answer|total|result)\s*(?:is|:|=)\s*|there\s+(?:are|is)\s+|it\s+is\s+)?"
    rf"(?P<minus>minus\s+|negative\s+)?(?:an?\s+(?=hundred|thousand|million|billion))?(?P<words>{_WORD}(?:(?:[\s-]+|,\s+|\s+and\s+){_WORD})*)"
    rf"(?P<nouns>(?:\s+(?!(?:{_NO_NOUN})\b)[^\W\d_]+){{0,2}})\W*",
    re.IGNORECASE,
)
_LONGEST = 200
"""Longest text that is read."""


def spelled(text: str) -> float | None:
    """The value of a number in words, alone or with its noun; None for any other text.

    >>> spelled("The answer is twenty-one."), spelled("one hundred twenty"), spelled("Only one knows")
    (21.0, 120.0, None)
    """
    found = _SPELLED.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    words = [word for word in re.split(r"[\s,-]+", found["words"].lower()) if word != "and"]
    if words == ["one"] and found["nouns"]:  # "one" is a pronoun too
        return None
    value = _value(words)
    return None if value is None else float(-value if found["minus"] else value)


def _value(words: list[str]) -> int | None:
    """The value of number words; None where they are several numbers, such as "two three"."""
    total = part = 0
    size = 10**15
    step = 100  # the next unit or ten has to be smaller
    for word in words:
        if word in _SIZES:
            if _SIZES[word] >= size:
                return None
            size = _SIZES[word]
            total, part, step = total + (part or 1) * size, 0, 100
        elif word == "hundred":
            if part >= 100:
                return None
            part, step = (part or 1) * 100, 100
        else:
            value = _TENS.get(word, _UNITS.get(word, 0))
            if value >= step or (value == 0 and len(words) > 1):
                return None
            part, step = part + value, 10 if word in _TENS else 0
    return total + part
