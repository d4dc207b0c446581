"""Read a judge's grade as a share of full marks: 0.8, 80%, 8/10, 8 out of 10.

A number outside of 0..1 is a grade only with its scale. Points and stars are counts without a scale. An ambiguous verdict is no
grade: the judge can be asked again, but a wrong number would stay unnoticed.
"""

from __future__ import annotations

import re

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.normalization import plain

__all__ = ["read_grade"]

_N = r"(?:[0-9]{1,9}(?:[.,][0-9]{1,9})?|[.,][0-9]{1,9})(?:[eE]-?[0-9]{1,2})?"
_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_WORD = lazy_pattern(rf"\b({'|'.join(_WORDS)})(?=\s+(?:out\s+)?of\s|\s+out\s|\s*%|\s+percent\b|\W*\Z)")
_MARKUP = lazy_pattern(r"\\(?:boxed|text|textbf|mathbf|mathrm)\b|\\(?=[%$()\[\]])|[*_`$~\"{}]+")
_TAG = lazy_pattern(r"<([a-z][\w -]{0,30})>|</[a-z][\w -]{0,30}>", re.IGNORECASE)
_UNIT = r"(?:\s?(?P<unit>points?|pts?|stars?|marks?)\b\.?)"
_HAN_UNIT = lazy_pattern("(?<=[0-9])\\s?(?:[\u5206\u9ede\u70b9\u661f]|\uc810)")
_HAN_SCALE = (
    lazy_pattern(
        f"({_N}) points(?:[\u6ee1\u6eff\u6e80][\u5206\u70b9]?)?\\s?(?:\u4e2d|\u3067|\ub9cc\uc810\uc5d0|\ub9cc\uc810 \uc911)"
        f",?\\s?({_N})(?: points)?"
    ),
    lazy_pattern(f"(?:\u6ee1\u5206|\u6eff\u5206|\ub9cc\uc810)\\s?({_N})(?: points)?,?"),
)
"""A scale before a grade, as in "10-point scale: 8 points"; a scale by itself."""
_OF = r"(?:/|\bout\s+of\b|\bof\b|\bvon\b|\bsur\b|\bsobre\b|\bde\b|\bsu\b|\bvan\b|\bav\b|\bem\b|\bz\b|\u0438\u0437)"
_FRACTION = lazy_pattern(r"\\[dt]?frac\{([0-9.]+)\}\{([0-9.]+)\}")
_SCALE = lazy_pattern(
    rf"(?:\b(?:on|in|using|with)\s+)?(?:\b(?:a|the)\s+)?\b(?:scale|range)\s*(?:of|from|is|:)?\s*\(?\s*[01]\s*(?:to|-|\.\.+)\s*({_N})\)?"
    rf"|[(\[]\s*(?:from\s+|scale:?\s+)?[01](?:\.0)?\s*(?:to|-|\.\.+)\s*({_N})\s*[)\]]|[(\[]\s*(?:out\s+of|max(?:imum)?\.?:?)\s+({_N})\s*[)\]]"
    rf"|\bon\s+a\s+({_N})[- ]point\s+scale\b",
    re.IGNORECASE,
)
_GRADE = lazy_pattern(
    rf"(?P<bound>[<>\u2264\u2265]=?\s*)?(?<![A-Za-z0-9_.,/])(?P<sign>[-+])?(?P<top>{_N})(?![\w]|[.,][0-9])"
    rf"(?:\s*(?P<percent>%|percent\b|per\s+cent\b)"
    rf"|{_UNIT}?\s*{_OF}\s*(?:a\s+(?:possible\s+|total\s+of\s+)?)?(?P<whole>{_N})(?![\w/]|[.,][0-9])(?P<both>\s*%)?"
    r"|\s?(?P<count>points?|pts?|stars?|marks?)\b)?",
    re.IGNORECASE,
)
_NOUN = r"(?:grade|score|rating|mark|points|verdict|total|result)s?\b"
_GIVES = r"\bi(?:'d|'ll| would| will)?\s+(?:give|rate|award|assign|grade|score)\b[^0-9.,\n%]{0,30}"
_NAMES = (
    lazy_pattern(rf"\b(?:overall|final|total)(?:\s+{_NOUN})?[^0-9.,\n%]{{0,30}}\Z", re.IGNORECASE),
    lazy_pattern(rf"(?:\A|[^\w\s]\s*|\n\s*|\b(?:the|my|a|this)\s+){_NOUN}[^0-9.,\n%]{{0,30}}\Z|{_GIVES}\Z", re.IGNORECASE),
    lazy_pattern(rf"\b{_NOUN}[^0-9.,\n%]{{0,30}}\Z", re.IGNORECASE),
    lazy_pattern(r"\b[^\W\d]+:\s*\Z"),
)
"""Names before a grade, best first: an overall grade, a grade, a grade for something, something."""
_BETWEEN = lazy_pattern(r"\s*(?:-|/|[,;&]\s|\u00b1|\+/-|\bto\b|\bor\b|\band\b|\bup to\b)\s*", re.IGNORECASE)
_LONGEST = 20_000
"""Most characters of a verdict that are read, from its end."""


def read_grade(text: str) -> float | None:
    """The grade in `text`, from 0 to 1; None when there is none or it is ambiguous.

    A grade alone in the first line counts, otherwise an overall grade, otherwise the last number with a name such as grade or
    score, otherwise the last number. Different grades for several criteria are no grade.

    >>> read_grade("3/10"), read_grade("30%"), read_grade("0,5"), read_grade("7"), read_grade("0.7 or 0.8")
    (0.3, 0.3, 0.5, None, None)
    """
    text = _FRACTION.sub(r"\1/\2", plain(text[-_LONGEST:]))
    text = _TAG.sub(lambda found: f" {found[1]}: " if found[1] else " ", text).replace("\\/", "/")
    text = re.sub(rf"\(\s*/\s*({_N})\s*\)", r"/\1", _HAN_UNIT.sub(" points", text))
    text = _HAN_SCALE[1].sub(r"(out of \1)", _HAN_SCALE[0].sub(r"\2/\1 ", text)).replace("((", "(").replace("))", ")")
    text = _WORD.sub(lambda found: str(_WORDS[found[0].lower()]), _MARKUP.sub("", text).lower())
    scales = [_number(next(filter(None, found.groups()))) for found in _SCALE.finditer(text)]
    text = _SCALE.sub(" ", text)
    line = _GRADE.fullmatch(text.strip().partition("\n")[0].strip(" ."))
    if line and not scales and (share := _share(line, None)) is not None:
        return share
    found = list(_GRADE.finditer(text))
    if not found:
        return None
    scale = scales[-1] if scales else None
    before = [text[max(0, match.start() - 50) : match.start()] for match in found]
    for rank, name in enumerate(_NAMES):
        named = [place for place in range(len(found)) if name.search(before[place])]
        differ = len({_share(found[place], scale) for place in named}) > 1
        if differ and (rank == 2 or (rank == 3 and named[-1] == len(found) - 1)):
            return None
        if named and rank < 3:
            break
    place = named[-1] if named and rank < 3 else len(found) - 1
    for left, right in ((place - 1, place), (place, place + 1)):
        if left >= 0 and right < len(found) and _BETWEEN.fullmatch(text[found[left].end() : found[right].start()]):
            return None
    return _share(found[place], scale)


def _share(found: re.Match[str], scale: float | None) -> float | None:
    """The grade as a share of its scale; None when it lies outside of it."""
    if found["bound"] or found["both"] or (found["count"] and scale is None and found["top"] == "1"):
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
