"""Read numbers in a text, with thousands, fractions, powers, signs and magnitudes.

Digits of any script are read. A date, a time, a version and the digits of a name such as H2O are not numbers. The value of an
expression with a root or pi is unknown here, so that no part of it counts as the whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from promptwire.metrics.answer_wrappers import final_part
from promptwire.metrics.normalization import plain

__all__ = ["Numeral", "cleaned", "last_number", "no_single_number", "numerals"]

_LETTER = "A-Za-z_\u00c0-\u024f\u0370-\u03ff\u0400-\u052f"
_CODES = "USD|EUR|GBP|INR|CHF|JPY|CNY|RMB|CAD|AUD|NZD|BRL|KRW|SEK|NOK|DKK|PLN|Rs|US|AU|CA|NZ|HK|R|A|C"
_MONTH = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?"
    "|Dec(?:ember)?)"
)
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?(?![0-9])"
_DATE = (
    r"[0-9]{4}([-/.])[0-9]{1,2}\2[0-9]{1,2}(?:T[0-9:.]+Z?)?(?![0-9])"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}(?![0-9])|[0-9]{1,2}([/.])[0-9]{1,2}\3[0-9]{2}(?![0-9.,])"
    rf"|\b{_MONTH}\.?\s+{_DAY}(?:,?\s+[0-9]{{4}}\b)?|{_DAY}\s+(?:of\s+)?{_MONTH}\b\.?(?:,?\s+[0-9]{{4}}\b)?"
    r"|[0-9]{4}\s?\u5e74(?:\s?[0-9]{1,2}\s?\u6708)?(?:\s?[0-9]{1,2}\s?\u65e5)?|[0-9]{1,2}\s?\u6708\s?[0-9]{1,2}\s?\u65e5"
)
_ODD = r"[0-9]+(?::[0-9]+)+|[0-9]+(?:/[0-9]+){2,}|(?![1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![0-9.]))[0-9]+(?:\.[0-9]+){2,}"
_NAME = rf"0[xX][0-9a-fA-F]+\b|(?<![{_LETTER}])[{_LETTER}]+[0-9][0-9{_LETTER}]*|[_^]\s?[{{(]?\s?-?[0-9]+(?:\.[0-9]+)?[}})]?"
_HIDDEN = (
    r"\\[a-z]*frac\b\s?(?:\{[^{}]*\}){0,2}|(?:\\sqrt\b|\u221a)\s?(?:\[[0-9]+\])?(?:\{[^{}]*\}|\([^()]*\)|[0-9.]*)"
    r"|\\pi\b|\u03c0|\u221e|\\infty\b"
)
_PLAIN = r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3}(?![0-9A-Za-z]))?|\.[0-9]+(?:[eE][-+]?[0-9]{1,3}(?![0-9A-Za-z]))?"
_GROUPS = (
    r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?(?![0-9])|[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])"
    r"|[1-9][0-9]{0,2}(?:['_][0-9]{3})+(?:[.,][0-9]+)?(?![0-9])"
)
_DOTTED = r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+,[0-9]+(?![0-9])|[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![0-9.])"
_SPACED = (
    r"(?<![0-9] )(?<![0-9])(?:[1-9][0-9]?(?: [0-9]{3})+|[1-9][0-9]{2}(?: [0-9]{3})* 0[0-9]{2}(?: [0-9]{3})*)"
    r"(?:[.,][0-9]+)?(?! ?[0-9/])"
)
_COMMA = r"(?<![0-9],)(?:0,[0-9]+|(?<![(\[{])[0-9]+,[0-9]+)(?!,?[0-9])"
_TIMES = r"\s?(?:\\times|\\cdot|[*xX\u00d7\u00b7\u22c5])\s?10\s?(?:\^|\*\*)\s?\{?(?P<ten>[-+]?[0-9]{1,3})\}?"
_POWER = r"(?:\s?\^\s?|\*\*)[{(]?(?P<power>-?[0-9]{1,9}(?:\.[0-9]{1,9})?)[})]?(?![0-9^])"
_SIZES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "lakh": 1e5, "crore": 1e7,
    "\u4e07": 1e4, "\u842c": 1e4, "\u5104": 1e8, "\u4ebf": 1e8,
}  # fmt: skip
_SIZE = rf"[\s-]?(?P<size>(?:{'|'.join(name for name in _SIZES if name.isascii())})s?\b|[\u4e07\u842c\u5104\u4ebf])"
_NUMBER = (
    rf"(?:(?<![{_LETTER}0-9.)\]}}^])(?P<sign>-))?(?:[$\u20ac\u00a3\u00a5\u20b9\u20a9\u20bd]\s?(?P<after>-)?)?"
    rf"(?:(?P<whole>[0-9]+) (?=[0-9]+/[0-9]))?"
    rf"(?:(?P<dotted>{_DOTTED})|(?P<groups>{_GROUPS})|(?P<spaced>{_SPACED})|(?P<comma>{_COMMA})|(?P<plain>{_PLAIN}))"
    rf"(?:{_TIMES}|{_POWER}|\s?/\s?(?P<bottom>[0-9]+(?:\.[0-9]+)?)(?![/0-9]))?(?P<hidden>\s?(?:{_HIDDEN}))?(?:{_SIZE})?"
)
_TOKEN = re.compile(
    rf"(?P<date>{_DATE})|(?P<name>{_NAME})|(?P<odd>{_ODD})|(?P<alone>(?:{_HIDDEN})(?:\s?[/*^]\s?[0-9.]+)?)|{_NUMBER}"
)

_LATEX_GAP = re.compile(r"(?<=[0-9,.])\\[!,;: ](?=[0-9,.])|(?<=[0-9])~(?=[0-9])")
_LATEX_MARK = re.compile(r"\{([.,])\}")
_FRACTION = re.compile(r"\\[dtc]?frac\s?(?:\{\s?([0-9.]+)\s?\}|([0-9]))\s?(?:\{\s?([0-9.]+)\s?\}|([0-9]))")
_LATEX_NAME = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|boxed|left|right|displaystyle)(?![A-Za-z])|\\(?=[%$#])")
_CURRENCY = re.compile(rf"(?<![A-Za-z])(?:{_CODES})(?=\$)|(?<![A-Za-z])(?:{_CODES})\.?(?=[0-9])(?<![A-Z]\.)")
_EQUALS_MINUS = re.compile(r"(=\s*)-\s+(?=[$0-9.])")
_MINUS = re.compile(
    r"(?<![0-9)]\s)(?<!\b[a-zA-Z]\s)\b(?:minus|negative)\s+(?=[$0-9])|(?:[\u8d1f\u8ca0]|\u30de\u30a4\u30ca\u30b9)\s?(?=[0-9])",
    re.IGNORECASE,
)
_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SPELLED = re.compile(
    r"\W*(?:(?:(?:the|my|final|correct)\s+)*(?:answer|total|result)\s*(?:is|:|=)\s*)?(?P<minus>minus\s+|negative\s+)?"
    rf"(?:(?P<tens>{'|'.join(_TENS)})(?:[\s-]?(?P<unit>{'|'.join(list(_UNITS)[1:10])}))?|(?P<word>{'|'.join(_UNITS)}))"
    r"(?:\s+(?P<size>hundred|thousand|million|billion))?\W*",
    re.IGNORECASE,
)
_WORKED = re.compile(r"(?:####|(?<!\b[A-Za-z] )(?<!\b[A-Za-z])=|\b(?:answer|total|result)\b(?:\s+is|:)?)\s*\Z", re.IGNORECASE)
_LONGEST = 100_000
"""Most characters of a text that are read, from its end."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """One number of a text."""

    start: int
    """Where it begins."""
    end: int
    """Where it ends."""
    value: float | None
    """Its value; None where it is unknown."""
    counts: bool = True
    """False for a date, a time or a version."""


def cleaned(text: str) -> str:
    """`text` with one spelling for equal numbers: plain characters, no LaTeX, signs next to their number."""
    text = plain(text[-_LONGEST:])
    text = _LATEX_MARK.sub(r"\1", _LATEX_GAP.sub(lambda found: "" if found[0] == "\\!" else " ", text))
    if "frac" in text:
        text = _FRACTION.sub(lambda found: f" {found[1] or found[2]}/{found[3] or found[4]}", text)
        text = re.sub(r"-\s+(?=[0-9]+/)", "-", text)
    text = _LATEX_NAME.sub("", text)
    return _MINUS.sub("-", _EQUALS_MINUS.sub(r"\1-", _CURRENCY.sub("", text)))


def numerals(text: str) -> Iterator[Numeral]:
    """The numbers in a `cleaned` text, in order; with `counts=False` also what only looks like one."""
    for found in _TOKEN.finditer(text):
        if found["date"] or found["odd"]:
            yield Numeral(found.start(), found.end(), None, counts=False)
        elif not found["name"]:
            value = None if found["alone"] or found["hidden"] else _value(found)
            yield Numeral(found.start(), found.end(), value)


def _value(found: re.Match[str]) -> float | None:
    digits = found["plain"]
    if digits is None and found["dotted"]:
        digits = found["dotted"].replace(".", "").replace(",", ".")
    elif digits is None and (found["comma"] or found["spaced"]):
        digits = (found["comma"] or found["spaced"]).replace(" ", "").replace(",", ".")
    elif digits is None:
        groups = re.sub(r"['_]", "", found["groups"])
        digits = groups.replace(",", "") if groups == found["groups"] else groups.replace(",", ".")
    try:
        value = float(digits)
        if found["ten"]:
            value *= 10.0 ** int(found["ten"])
        elif found["power"]:
            value = float(value ** float(found["power"]))
        elif found["bottom"]:
            value /= float(found["bottom"])
    except (OverflowError, ZeroDivisionError):
        return None
    value = (value + float(found["whole"] or 0)) * _SIZES.get((found["size"] or "").removesuffix("s"), 1.0)
    value = -value if found["sign"] or found["after"] else value
    return value if math.isfinite(value) else None


def _spelled(text: str) -> float | None:
    """The value of a text that is only a number in English words, such as "The answer is twenty-one"."""
    found = _SPELLED.fullmatch(text[:200]) if len(text) <= 200 else None
    if found is None:
        return None
    value = _TENS[found["tens"].lower()] if found["tens"] else _UNITS[found["word"].lower()]
    value += _UNITS[found["unit"].lower()] if found["unit"] else 0
    return float(value * _SIZES.get((found["size"] or "").lower(), 1.0) * (-1 if found["minus"] else 1))


def last_number(text: str) -> float | None:
    r"""The last number in a box or an answer tag of `text`, otherwise the last number; None when there is none.

    1,234 and $5 and 25% and -3 and 3/4 and 1 1/2 and 10^5 and 2.5 million are numbers; a percent sign is a unit.

    >>> last_number("so 1,234 - 4 = $1,230."), last_number(r"\boxed{\frac{3}{4}}, as 3 of 4")
    (1230.0, 0.75)
    """
    for part in dict.fromkeys((final_part(text), text)):
        found = [number for number in numerals(cleaned(part)) if number.counts] if part else []
        if found:
            return found[-1].value
    return _spelled(plain(text))


def no_single_number(output: str) -> bool:
    """Whether an accepted output is not one number: a date, time, range, list or expression.

    A worked solution is recognised by its end: `#### 72`, `= 72`, a box, or "the answer is 72".
    """
    part = final_part(output) or output
    text = cleaned(part)
    found = list(numerals(text))
    last = found[-1] if found else None
    if last is None:
        return False
    return not last.counts or last.value is None or (len(found) > 1 and not _WORKED.search(text[: last.start]))
