"""Find a text in another as whole words, in scripts with and without blanks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.normalization import joined, loose, plain
from promptwire.metrics.numerals import cleaned, numerals

__all__ = ["occurs"]

_MARKS = lazy_pattern(r"(?<!\w)[*_`~\"\u00ab\u2039']{1,6}(?=\w)|(?<=[^\W_])[*_`~\"\u00bb\u203a']{1,6}(?!\w)")
"""Emphasis and quotes at the edges of words."""
_JOINT = lazy_pattern(r"(?<=[^\W\d_])_(?=[^\W\d_])")
"""An underscore between the words of a label."""
_VERSION = lazy_pattern(r"[0-9]+(?:\.[0-9]+){2,}")
_PART_AFTER = lazy_pattern(r"'(?:t(?!\w)|(?!(?:s|m|re|ll|ve|d)(?!\w))\w)")
"""What continues a short word after an apostrophe: can't, O'Brien; a clitic does not, such as in we're."""
_SHORT = lazy_pattern(r"(?<![^\W\d_])[^\W\d_]{1,2}\Z")
_SHORT_FIRST = lazy_pattern(r"[^\W\d_]{1,2}(?![^\W\d_])")
_LEADING_SIGNS = "\u0e40-\u0e44\u0ec0-\u0ec4\u17d2\u1039"
"""Thai and Lao vowels before their consonant; marks that stack the next Khmer or Burmese consonant."""
_VOWELS = lazy_pattern("[\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3]")
_STACKED = lazy_pattern(f"[{_LEADING_SIGNS}]")
_SYLLABIC = lazy_pattern("[\u0e01-\u0e2e\u0e81-\u0eae\u1000-\u1021\u1780-\u17a2]")
"""Consonants of Thai, Lao, Burmese and Khmer."""
_SAME_SCRIPT = lazy_pattern("[\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3]")
_CLOSED = lazy_pattern("[\u0e30\u0e33\u0e43\u0e44\u0eb0\u0eb3\u0ec3\u0ec4]|\u0e4d\u0e32")
"""Vowels of a syllable that no other consonant can close."""
_TIBETAN = lazy_pattern("[\u0f20-\u0f29\u0f40-\u0fbc]")
_NUMBER_ONLY = lazy_pattern(r"-?(?:0|[1-9][0-9,]*)(?:\.[0-9]+)?")
_PREFIX = lazy_pattern(r"\b(?:non|un|anti|not)-\Z")
_BEFORE_DIGIT = lazy_pattern(r"[0-9][.,/:]\Z|\^\Z|(?<![^\s(\[=:])-\Z")
_DIGITS = frozenset("0123456789")
_HANGUL = lazy_pattern("[\uac00-\ud7a3]")
_PARTICLES = lazy_pattern(
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
    if _MARKS.sub("", word) == word:
        even = _MARKS.sub("", even)
    taken = bytearray(len(even))
    forms = (form for label in longer for form in (label, _MARKS.sub("", label), re.sub("[_-]", " ", label)))
    for label in {*forms} - {word}:
        for start, end in _spans(label, even):
            taken[start:end] = b"\1" * (end - start)
    said = {word, _JOINT.sub(" ", word), _JOINT.sub("-", word)} if labels else {word}
    return any(not all(taken[start:end]) for form in said for start, end in _spans(form, even))


def _spans(word: str, text: str) -> Iterator[tuple[int, int]]:
    """The spans of `word` in `text` as whole words."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if _begins(word, text, start) and _ends(word, text, end):
            yield start, end
        start = text.find(word, start + 1)


def _begins(word: str, text: str, start: int) -> bool:
    before = text[start - 1] if start else ""
    if joined(before, word[0]):
        return False
    if before and before in ".,-/:^'":
        if before == "-" and _PREFIX.search(text[max(0, start - 5) : start]):
            return False
        if word[0].isdigit() and before != "'":
            return not _BEFORE_DIGIT.search(text[max(0, start - 2) : start])
        if before in "'^" and text[start - 2 : start - 1].isalnum() and _SHORT_FIRST.match(word):
            return False  # the t of can't, the x of 2^x
    return not _in_syllable(before, word, text[start + len(word) : start + len(word) + 1])


def _ends(word: str, text: str, end: int) -> bool:
    after = text[end : end + 1]
    if not after or after == " ":
        return True
    if _HANGUL.match(after) and _HANGUL.match(word[-1]):
        return _PARTICLES.match(text, end) is not None
    if joined(word[-1], after):
        return False
    if after in ".,^/:" and word[-1].isdigit() and text[end + 1 : end + 2] in _DIGITS:
        return False
    if after == "^" and _SHORT.search(word):  # x^2 is not x; a longer word may have a footnote
        return False
    if after == "'" and (found := _PART_AFTER.match(text, end)) and (found[0] == "'t" or _SHORT.search(word)):
        return False
    if after in "+#" and word[-1].isalnum() and not text[end + 1 : end + 2].isalnum():
        return False
    return not (_VOWELS.match(after) and _SYLLABIC.search(word))


def _in_syllable(before: str, word: str, after: str) -> bool:
    """Whether `word` is only a part of a syllable between its neighbours, in a script without blanks.

    A syllable of one consonant may be closed by the next one or belong to a longer word, so it has to stand alone.
    """
    if word.isascii():
        return False
    if _STACKED.match(before) or _one_tibetan(before, word[0]) or _one_tibetan(word[-1], after):
        return True
    alone = len(word) <= 6 and len(_SYLLABIC.findall(word)) == 1 and not _CLOSED.search(word)
    return alone and bool(_SAME_SCRIPT.match(before) or _SAME_SCRIPT.match(after))


def _one_tibetan(left: str, right: str) -> bool:
    return _TIBETAN.match(left) is not None and _TIBETAN.match(right) is not None


def _holds_number(word: str, text: str) -> bool:
    even = cleaned(text)
    value = float(word.replace(",", ""))
    for number in numerals(even):
        if number.counts and number.value == value:
            return True
        if not (number.counts or _VERSION.fullmatch(even, number.start, number.end)) and re.search(
            rf"(?<![0-9.]){re.escape(word)}(?![0-9]|'?s\b)", even[number.start : number.end]
        ):
            return True
    return False
