"""Find a text in another as whole words, in scripts with and without blanks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from promptwire.metrics.normalization import joined, loose, plain
from promptwire.metrics.numerals import cleaned, numerals

__all__ = ["occurs"]

_EMPHASIS = re.compile(r"(?<!\w)[*_`]{1,3}(?=\w)|(?<=[^\W_])[*_`]{1,3}(?!\w)")
_NUMBER_ONLY = re.compile(r"-?(?:0|[1-9][0-9,]*)(?:\.[0-9]+)?")
_PREFIX = re.compile(r"\b(?:non|un|anti|not)-\Z")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_PARTICLES = re.compile(
    "(?:\uc785\ub2c8\ub2e4|\uc774\uc5d0\uc694|\uc608\uc694|\uc774\ub2e4|\ub2e4|\uc740|\ub294|\uc774|\uac00|\uc744|\ub97c|\uc758|\uc5d0|\uc5d0\uc11c|\ub85c|\uc73c\ub85c|\uc640|\uacfc|\ub3c4|\ub9cc|\uae4c\uc9c0|\ubd80\ud130"
    "|\ub77c\uace0|\uc774\ub77c\uace0|\uc774\uba70|\uc774\uace0|\uc694|\uc774\uc694|\uc785\ub2c8\uae4c|\uc600\ub2e4|\uc774\uc5c8\ub2e4)(?![\uac00-\ud7a3])"
)
"""Korean particles, which follow a noun without a blank."""


def occurs(wanted: str, text: str, labels: Collection[str] = ()) -> bool:
    """Whether `wanted` occurs in `text` as whole words, outside of the longer `labels`.

    A number occurs as a number of equal value: 3.5 does not contain 5, and 1,000 is 1000.

    >>> occurs("store", "restored"), occurs("5", "It is 3.5."), occurs("1000", "It is 1,000.")
    (False, False, True)
    """
    word = loose(wanted)
    if not word:
        return False
    if _NUMBER_ONLY.fullmatch(word):
        return _holds_number(word, text)
    even = " ".join(plain(plain(text).casefold()).split())
    longer = [other for label in labels if (other := loose(label)) != word and word in other]
    for haystack in dict.fromkeys((even, _EMPHASIS.sub("", even))):
        taken = bytearray(len(haystack))
        for start, end in (span for label in longer for span in _spans(label, haystack)):
            taken[start:end] = b"\1" * (end - start)
        if any(not all(taken[start:end]) for start, end in _spans(word, haystack)):
            return True
    return False


def _spans(word: str, text: str) -> Iterator[tuple[int, int]]:
    """The spans of `word` in `text` as whole words."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if _begins(word, text, start) and _ends(word, text, end):
            yield start, end
        start = text.find(word, start + 1)


def _begins(word: str, text: str, start: int) -> bool:
    before = text[start - 1 : start] if start else ""
    if before == "-" and _PREFIX.search(text[max(0, start - 5) : start]):
        return False
    if word[0].isdigit() and before and before in ".,-":
        return not re.search(r"[0-9][.,]\Z|(?<![^\s(\[=:])-\Z", text[max(0, start - 2) : start])
    return not joined(before, word[0])


def _ends(word: str, text: str, end: int) -> bool:
    after = text[end : end + 1]
    if word[-1].isdigit() and re.match(r"[.,^][0-9]", text[end : end + 2]):
        return False
    if after and _HANGUL.match(after) and _HANGUL.match(word[-1]):
        return _PARTICLES.match(text, end) is not None
    if word[-1].isalnum() and after and after in "+#" and not text[end + 1 : end + 2].isalnum():
        return False
    return not joined(word[-1], after)


def _holds_number(word: str, text: str) -> bool:
    even = cleaned(text)
    value = float(word.replace(",", ""))
    for number in numerals(even):
        if number.counts and number.value == value:
            return True
        if not number.counts and re.search(rf"(?<![0-9.]){re.escape(word)}(?![0-9])", even[number.start : number.end]):
            return True
    return False
