"""Read a judge's grade as a share of full marks: 0.8, 80%, 8/10, 8 out of 10.

A number outside of 0..1 is a grade only with its scale. An ambiguous verdict is no grade: the judge can be asked again, but a
wrong number would stay unnoticed.
"""

from __future__ import annotations

import re

from promptwire.metrics.normalization import plain

__all__ = ["read_grade"]

_N = r"(?:[0-9]{1,9}(?:[.,][0-9]{1,9})?|[.,][0-9]{1,9})(?:[eE]-?[0-9]{1,2})?"
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})(?=\s+(?:out\s+)?of\s|\s+out\s|\s*%|\s+percent\b|\W*\Z)")
_MARKUP = re.compile(r"\\(?:boxed|text|textbf|mathbf|mathrm)\b|\\(?=[%$()\[\]])|[*_`$~\"{}]+")
_FRACTION = re.compile(r"\\[dt]?frac\{([0-9.]+)\}\{([0-9.]+)\}")
_SCALE = re.compile(
    rf"(?:\b(?:on|in|using|with)\s+)?(?:\b(?:a|the)\s+)?\b(?:scale|range)\s*(?:of|from|is|:)?\s*\(?\s*[01]\s*(?:to|-|\.\.+)\s*({_N})\)?"
    rf"|[(\[]\s*(?:from\s+|scale:?\s+)?[01](?:\.0)?\s*(?:to|-|\.\.+)\s*({_N})\s*[)\]]|[(\[]\s*(?:out\s+of|max(?:imum)?\.?:?)\s+({_N})\s*[)\]]"
    rf"|\bon\s+a\s+({_N})[- ]point\s+scale\b",
    re.IGNORECASE,
)
_GRADE = re.compile(
    rf"(?P<bound>[<>\u2264\u2265]=?\s*)?(?<![\w.,/])(?P<sign>[-+]\s?)?(?P<top>{_N})(?![\w]|[.,][0-9])"
    rf"(?:\s*(?P<percent>%|percent\b|per\s+cent\b)|\s*(?:/|\bout\s+of\b|\bof\b)\s*(?:a\s+(?:possible\s+|total\s+of\s+)?)?(?P<whole>{_N})(?![\w/]|[.,][0-9]))?",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\b(?:grade|score|rating|mark|points|verdict|total|result)s?\b[^0-9.,\n%]{0,30}\Z", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:-|/|\bto\b|\bor\b|\band\b|\bup to\b)\s*", re.IGNORECASE)
_LONGEST = 20_000
"""Most characters of a verdict that are read, from its end."""


def read_grade(text: str) -> float | None:
    """The grade in `text`, from 0 to 1; None when there is none or it is ambiguous.

    The last number with a name such as grade or score counts, otherwise the last number.

    >>> read_grade("3/10"), read_grade("30%"), read_grade("0,5"), read_grade("7"), read_grade("0.7 or 0.8")
    (0.3, 0.3, 0.5, None, None)
    """
    text = _FRACTION.sub(r"\1/\2", plain(text[-_LONGEST:]))
    text = _WORD.sub(lambda found: str(_WORDS[found[0].lower()]), _MARKUP.sub("", text).lower())
    scales = [_number(next(filter(None, found.groups()))) for found in _SCALE.finditer(text)]
    text = _SCALE.sub(" ", text)
    found = list(_GRADE.finditer(text))
    if not found:
        return None
    named = [place for place, match in enumerate(found) if _NAMED.search(text[max(0, match.start() - 50) : match.start()])]
    place = named[-1] if named else len(found) - 1
    for left, right in ((place - 1, place), (place, place + 1)):
        if left >= 0 and right < len(found) and _BETWEEN.fullmatch(text[found[left].end() : found[right].start()]):
            return None
    return _share(found[place], scales[-1] if scales else None)


def _share(found: re.Match[str], scale: float | None) -> float | None:
    """The grade as a share of its scale; None when it lies outside of it."""
    if found["bound"]:
        return None
    value = _number(found["top"])
    whole = 100.0 if found["percent"] else _number(found["whole"]) if found["whole"] else scale
    if value is None or whole == 0 or (found["whole"] and whole is None):
        return None
    value = value / whole if whole else value
    if (found["sign"] or "").startswith("-") and value:
        return None
    return value if 0.0 <= value <= 1.0 else None


def _number(text: str) -> float | None:
    """A number with a point or a comma before its decimals; None for `1,000`, which may be a thousand."""
    if re.fullmatch(r"[1-9][0-9]{0,2},[0-9]{3}", text):
        return None
    return float(text.replace(",", "."))
