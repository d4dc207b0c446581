"""Normalize text for all metrics: widths, invisible characters, digits, dashes, quotes.

Spellings that look the same to a reader become one spelling. Visible differences stay: a superscript stays an exponent, and
accents and Hindi vowel signs stay.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["REMEMBERED", "is_word", "joined", "loose", "plain", "words"]

REMEMBERED = 200
"""Longest text whose normal form is remembered."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3005\u3007"
"""Chinese characters, as a part of a character class."""
_KATAKANA = "\u30a1-\u30ff\u31f0-\u31ff"
"""Katakana, which Japanese writes in runs that are words."""
_UNSPACED = f"{_HAN}{_KATAKANA}\u3041-\u309f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u0f00-\u0fff"
"""Scripts without blanks between words: Chinese, Japanese, Thai, Lao, Burmese, Khmer, Tibetan."""

_SUPERSCRIPTS = dict(zip("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b", "0123456789-", strict=True))
_RAISED = lazy_pattern(f"[{''.join(_SUPERSCRIPTS)}]+")
_VULGAR = lazy_pattern(r"(?<=[0-9])(?=[\u00bc-\u00be\u2150-\u215e\u2189])")
_SQUARED_LETTERS = {code: chr(65 + (code - 0x1F170)) for code in range(0x1F170, 0x1F18A)}
_SAME: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\uff07"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\uff02"), '"'),
    **dict.fromkeys(map(ord, "\u2044\u2215"), "/"),
    ord("\u066b"): ".",
    ord("\u066c"): ",",
    ord("\u066a"): "%",
    ord("\u060c"): ",",
    ord("\u3001"): ",",
    ord("\u3002"): ".",
    ord("\uff61"): ".",
    ord("\u0964"): ".",
    ord("\u06d4"): ".",
    ord("\u0640"): None,  # an Arabic line that only stretches a word
    **_SQUARED_LETTERS,
}
_INVISIBLE = lazy_pattern("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_POINTS = lazy_pattern("[\u064b-\u0652\u0670\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5]")
"""Vowel points of Arabic and Hebrew, which most writers leave out."""
_DIGIT = lazy_pattern(r"(?![0-9])\d")
"""A digit of another script."""


def plain(text: str) -> str:
    """`text` with one spelling for equal looks; case and lines stay.

    >>> plain("\\uff11\\uff12\\u200b\\uff0e\\uff15 m\\u00b2, \\u22123\\u00bd")
    '12.5 m^2, -3 1/2'
    """
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    text = _RAISED.sub(lambda found: "^" + "".join(_SUPERSCRIPTS[sign] for sign in found[0]), text)
    text = unicodedata.normalize("NFKC", _VULGAR.sub(" ", text)).translate(_SAME)
    # NFKC takes a Thai and a Lao vowel apart; they are written as one sign.
    text = text.replace("\u0e4d\u0e32", "\u0e33").replace("\u0ecd\u0eb2", "\u0eb3")
    return _DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), _POINTS.sub("", text))


_PAIRS = {
    '"': '"', "'": "'", "`": "`", "\u00ab": "\u00bb", "\u2039": "\u203a", "\u300c": "\u300d", "\u300e": "\u300f",
}  # fmt: skip


_VARIABLE = lazy_pattern(r"(?<![^\W\d_])[a-z]\Z")
"""A single letter at the end: n! is a factorial."""


def loose(text: str) -> str:
    """`text` without outer blanks, quotes, final full stop or exclamation mark, and case.

    >>> loose(' "Sea  Lion". '), loose("5!")
    ('sea lion', '5!')
    """
    return _short_loose(text) if len(text) <= REMEMBERED else _loose(text)


def _loose(text: str) -> str:
    text = " ".join(plain(plain(text).casefold()).split())
    for _ in range(2):  # the full stop may stand inside or outside of the quotes
        if len(text) > 1 and text.endswith(".") and not text.endswith(".."):
            text = text[:-1].rstrip()
        bare = text.rstrip("!")
        if bare and not bare[-1].isdigit() and bare[-1] != ")" and not _VARIABLE.search(bare):
            text = bare.rstrip()
        if len(text) > 2 and _PAIRS.get(text[0]) == text[-1]:
            text = text[1:-1].strip()
    return text


# The labels and short outputs of a task are compared again with every answer.
_short_loose = lru_cache(maxsize=8192)(_loose)


def is_word(sign: str) -> bool:
    """Whether `sign` is part of a word: a letter, a digit, or a mark that belongs to the letter before it."""
    return sign.isalnum() or sign == "_" or unicodedata.category(sign)[0] == "M"


_IS_UNSPACED = lazy_pattern(f"[{_UNSPACED}]")
_IS_KATAKANA = lazy_pattern(f"[{_KATAKANA}]")


@lru_cache(maxsize=4096)
def joined(left: str, right: str) -> bool:
    """Whether the neighbours `left` and `right` belong to one word.

    >>> joined("a", "b"), joined("a", " "), joined("\\u662f", "T")
    (True, False, False)
    """
    if not left or not right or not (is_word(left) and is_word(right)):
        return False
    if unicodedata.category(right)[0] == "M":
        return True
    if _IS_KATAKANA.match(left) and _IS_KATAKANA.match(right):
        return True
    return not (_IS_UNSPACED.match(left) or _IS_UNSPACED.match(right))


_GROUPED = lazy_pattern(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_PIECE = lazy_pattern(
    r"(?:(?<![^\s(\[{\"'=:,;])-(?=[0-9]))?[0-9]+(?:[.:/][0-9]+|,[0-9]{3}(?![0-9]))*"
    r"|(?<![^\W\d_])[^\W\d_]+(?:\+\+|\+|#)(?!\w)|(?<=\w)\^-?[0-9]+|.",
    re.DOTALL,
)


def words(text: str) -> list[str]:
    """The words of `text` in lower case, without punctuation; single characters in a script without blanks.

    A sign and a decimal point stay with their number, so that -3 is not 3 and 3.5 is not 35.

    >>> words("The sea-lion (aged 3.5).")
    ['the', 'sea', 'lion', 'aged', '3.5']
    """
    found: list[list[str]] = []
    last = ""
    for match in _PIECE.finditer(plain(plain(text).casefold())):
        piece = match[0].replace(",", "") if _GROUPED.fullmatch(match[0]) else match[0]
        if piece == "'":
            continue
        if len(piece) > 1 or is_word(piece):
            if joined(last, piece[0]):
                found[-1].append(piece)
            else:
                found.append([piece])
        last = piece[-1]
    return ["".join(pieces) for pieces in found]
