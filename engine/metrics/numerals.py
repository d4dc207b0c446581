"""Read numbers in a text, with thousands, fractions, powers, signs and magnitudes.

Digits of any script are read. A date, a time, a version and the digits of a name such as H2O or GPT-4 are not numbers. The
value of an expression with a root, a function, pi or a variable is unknown here, so that no part of it counts as the whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.answer_wrappers import final_part
from promptwire.metrics.normalization import plain
from promptwire.metrics.number_words import spelled

__all__ = ["Numeral", "cleaned", "last_number", "no_single_number", "numerals"]

_LETTER = "A-Za-z_\u00c0-\u024f\u0370-\u03ff\u0400-\u052f"
_CODES = "USD|EUR|GBP|INR|CHF|JPY|CNY|RMB|CAD|AUD|NZD|BRL|KRW|SEK|NOK|DKK|PLN|Rs"
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
    r"|(?<![0-9.,])[12][0-9]{2}0'?s\b"
)
_ODD = (
    r"[0-9]+(?:\.[0-9]+)?(?::[0-9]+(?:\.[0-9]+)?)+|[0-9]+(?:/[0-9]+){2,}|[0-9]{1,2}h[0-9]{2}(?![0-9A-Za-z])"
    r"|(?![1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}(?![0-9.]))[0-9]+(?:\.[0-9]+){2,}"
    r"|[0-9.]{1,12}x(?!10\s?(?:\^|\*\*))[0-9]+(?:x[0-9]+)*"
    r"|(?<![0-9,])[1-9][0-9]{0,2}(?:,[0-9]{3})+,(?:[0-9]{1,2}|[0-9]{4,20})(?![0-9,])"
)
_NAME = (
    rf"0[xX][0-9a-fA-F]+\b|0[bBoO][0-7]+\b|(?<![{_LETTER}])[{_LETTER}]+[0-9][0-9{_LETTER}]*(?:[.-][0-9]+)*"
    rf"|(?<![{_LETTER}])(?!(?i:answer|total|result)-)(?:(?<![0-9]\s)(?<![0-9])|(?=[{_LETTER}]{{4}}))[{_LETTER}]+-[0-9]+[0-9{_LETTER}]*(?:\.[0-9]+)*"
    rf"|(?<![0-9.,$\u20ac\u00a3\u00a5])[0-9]+[ABDEGHIPQRSUXYZ](?![{_LETTER}0-9])"
    rf"|(?:[_^]\s?|(?<=[A-Za-z])\*\*(?![0-9.,]*\*\*))[{{(]?\s?-?[0-9]+(?:\.[0-9]+)?[}})]?"
)
_NEST = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_HIDDEN = (
    rf"\\(?:[a-z]*frac|[a-z]*binom)(?![A-Za-z])\s?(?:{_NEST}){{0,2}}"
    rf"|(?:\\sqrt(?![A-Za-z])|\u221a)\s?(?:\[[0-9]+\])?(?:{_NEST}|\([^()]*\)|[0-9.]*)"
    rf"|(?:\\(?:log|ln|exp|sin|cos|tan)(?![A-Za-z])\s?(?:_\{{?[0-9]+\}}?)?|(?<![A-Za-z])(?:sqrt|log|ln|exp|sin|cos|tan)(?=\())\s?(?:{_NEST}|\([^()]*\)|[0-9.]*)"
    r"|\\pi\b|\u03c0|\u221e|\\infty\b"
)
_RAISED = r"(?:\s?\^\s?|\*\*(?![0-9.,]*\*\*))[{(]{0,2}-?[0-9]+(?:\.[0-9]+)?[})]{0,2}"
_UNKNOWN = (
    rf"(?:{_HIDDEN})(?:\s?[/*^]\s?[0-9.]+)?|(?:\u00b1|\\pm\b|\+/?-)\s?\$?(?:[0-9]+(?:[.,][0-9]+)*|\.[0-9]+)"
    rf"|[0-9]+(?:\.[0-9]+)?(?:{_RAISED}){{2,}}|\((?=[^()]{{0,40}}[0-9])[^()]{{1,40}}\){_RAISED}"
    rf"|(?<![{_LETTER}])[0-9.]{{0,12}}[xyzn]\s?[-+*/]\s?[0-9]+(?:\.[0-9]+)?"
)
_EXPONENT = r"(?:[eE][-+]?[0-9]{1,3}(?![0-9A-Za-z]))?"
_PLAIN = rf"[0-9]+(?:\.[0-9]+)?{_EXPONENT}|(?<![A-Za-z0-9])\.[0-9]+{_EXPONENT}"
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
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12, "lakh": 1e5, "crore": 1e7,
    "tausend": 1e3, "millionen": 1e6, "millione": 1e6, "milliarde": 1e9, "milliarden": 1e9, "milliard": 1e9,
    "\u4e07": 1e4, "\u842c": 1e4,
    "\u5104": 1e8, "\u4ebf": 1e8, "\u767e": 1e2, "\u5343": 1e3, "\u5146": 1e12, "\ucc9c": 1e3, "\ub9cc": 1e4, "\uc5b5": 1e8,
    "\uc870": 1e12, "k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12, "tn": 1e12,
}  # fmt: skip
_HAN_SIZE = (
    r"[\u4e07\u842c\u5104\u4ebf\ucc9c\ub9cc\uc5b5\uc870]|\u767e(?!\u5206)"
    r"|[\u5343\u5146](?![\u514b\u7c73\u74e6\u5361\u8d6b\u5e15\u5b57])"
)
_SIZE = (
    rf"(?:[\s-]?(?P<size>(?i:{'|'.join(name for name in _SIZES if name.isascii() and len(name) > 3)})s?\b)"
    rf"|\s?(?P<han>{_HAN_SIZE})"
    rf"|(?P<short>(?(money)\s?(?:[kmbtKMBT]|[bmt]n|mln)|(?:[kKM]|\s?bn|mn|mln|tn))(?![{_LETTER}0-9])))"
)
_NUMBER = (
    rf"(?:(?<![{_LETTER}0-9.)\]}}^%\u00b0\u20ac\u00a3\u00a5$])(?P<sign>-))?"
    rf"(?P<money>(?<![0-9])[$\u20ac\u00a3\u00a5\u20b9\u20a9\u20bd]\s?(?P<after>-)?)?"
    rf"(?:(?P<whole>[0-9]+) (?=[0-9]+/[0-9]))?"
    rf"(?:(?P<dotted>{_DOTTED})|(?P<groups>{_GROUPS})|(?P<spaced>{_SPACED})|(?P<comma>{_COMMA})|(?P<plain>{_PLAIN}))"
    rf"(?:{_TIMES}|{_POWER}|\s?/\s?(?P<bottom>[0-9]+(?:\.[0-9]+)?)(?![/0-9]))?"
    rf"(?P<hidden>\s?(?:{_HIDDEN})|[xyzijn](?![{_LETTER}0-9])|\s?[-+*/]\s?[0-9.]{{0,12}}[xyzn](?![{_LETTER}0-9]))?(?:{_SIZE})?"
)
_TOKEN = lazy_pattern(rf"(?P<date>{_DATE})|(?P<name>{_NAME})|(?P<odd>{_ODD})|(?P<alone>{_UNKNOWN})|{_NUMBER}")

_LATEX_GAP = lazy_pattern(r"(?<=[0-9,.])\\[!,;: ](?=[0-9,.])|(?<=[0-9])~(?=[0-9])")
_LATEX_MARK = lazy_pattern(r"\{([.,])\}")
_SIGNED = r"-?\s?[0-9][0-9.,]{0,30}"
_FRACTION = lazy_pattern(
    rf"(?:\\[,;: ]|\s){{0,4}}\\(?:[dtcs]|nice)?frac\s?(?:\{{\s?({_SIGNED})\s?\}}|([0-9]))\s?(?:\{{\s?({_SIGNED})\s?\}}|([0-9]))"
    rf"|\s?\{{?\s?({_SIGNED})\s?\\over\s?({_SIGNED})\s?\}}?"
)
_EMPHASIS = lazy_pattern(r"(?<![\w\\^})])(_{1,3})(-?[$\u20ac\u00a3]?[0-9][^_\n]{0,60})\1(?!\w)")
_AND_A_PART = lazy_pattern(r"(?<=[0-9]) and a (half|quarter)\b")
_CITATION = lazy_pattern(
    r"(?<=[0-9%.)])(?:\s?\[[0-9]{1,3}(?:\s?[,;-]\s?[0-9]{1,3})*\])+|\[\^[0-9]{1,3}\]|\u3010[0-9:]{1,9}\u2020[^\u3011\n]{0,60}\u3011"
    r"|(?<=[0-9])(?P<unit>\s?(?!(?:is|are|be|get|gets|give|gives|equals|makes|to|and|or|we|into)\b)[A-Za-z]{1,12})(?:\s?\[[0-9]{1,3}\])+"
)
_LATEX_NAME = lazy_pattern(r"\\(?:text|mathrm|mathbf|textbf|mbox|boxed|left|right|displaystyle)(?![A-Za-z])|\\(?=[%$#])")
_CURRENCY = lazy_pattern(rf"(?<![A-Za-z])(?:(?:{_CODES}|US|AU|CA|NZ|HK|R|A|C)\$|(?:{_CODES})(?:(?<=s)\.)?\s?(?=-?[0-9]))")
_EQUALS_MINUS = lazy_pattern(r"(=\s*)-\s+(?=[$0-9.])")
_MINUS = lazy_pattern(
    r"(?<![0-9)]\s)(?<!\b[a-zA-Z]\s)\b(?:minus|negative)\s+(?=[$0-9])|(?:[\u8d1f\u8ca0]|\u30de\u30a4\u30ca\u30b9)\s?(?=[0-9])",
    re.IGNORECASE,
)
_WORKED = lazy_pattern(r"(?:####|(?<!\b[A-Za-z] )(?<!\b[A-Za-z])=|\b(?:answer|total|result)\b(?:\s+is|:)?)\s*\Z", re.IGNORECASE)
_BOUND = lazy_pattern(r"(?:(?<![=<>-])[<>\u2264\u2265]=?|\\(?:geq?|leq?|gt|lt)(?:slant)?)\s*[$\u20ac\u00a3]?\s*\Z")
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
    if "frac" in text or "\\over" in text:
        text = _FRACTION.sub(_fraction, text)
        text = re.sub(r"-\s+(?=[0-9]+/)", "-", text)
    text = _AND_A_PART.sub(lambda found: " 1/2" if found[1] == "half" else " 1/4", text)
    text = _CITATION.sub(lambda found: found["unit"] or "", _EMPHASIS.sub(r"\2", _LATEX_NAME.sub("", text)))
    return _MINUS.sub("-", _EQUALS_MINUS.sub(r"\1-", _CURRENCY.sub("$", text)))


def _fraction(found: re.Match[str]) -> str:
    """A LaTeX fraction of two numbers as `top/bottom`, with the sign in front."""
    top, bottom = (side.replace(" ", "") for side in found.groups() if side is not None)
    sign = "-" if top.startswith("-") != bottom.startswith("-") else ""
    return f" {sign}{_even(top)}/{_even(bottom)}"


def _even(number: str) -> str:
    """`number` without a sign, with a point before its decimals."""
    number = number.lstrip("-")
    return number.replace(",", "" if re.fullmatch(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?", number) else ".")


def numerals(text: str) -> Iterator[Numeral]:
    """The numbers in a `cleaned` text, in order; with `counts=False` also what only looks like one."""
    last: Numeral | None = None  # a number with a Chinese, Japanese or Korean size, which the next may continue: 3 oku 5000 man
    for found in _TOKEN.finditer(text):
        if found["name"]:
            continue
        if found["date"] or found["odd"]:
            new = Numeral(found.start(), found.end(), None, counts=False)
        else:
            new = Numeral(found.start(), found.end(), None if found["alone"] or found["hidden"] else _value(found))
        if last is not None and last.end == new.start and last.value and new.value is not None and 0 <= new.value < last.value:
            new = Numeral(last.start, new.end, last.value + new.value)
        elif last is not None:
            yield last
        last = new if found["han"] else None
        if last is None:
            yield new
    if last is not None:
        yield last


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
    size = (found["size"] or found["han"] or found["short"] or "").strip().lower()
    value = (value + float(found["whole"] or 0)) * _SIZES.get(size, _SIZES.get(size.removesuffix("s"), 1.0))
    value = -value if found["sign"] or found["after"] else value
    return value if math.isfinite(value) else None


def last_number(text: str) -> float | None:
    r"""The last number in a box or an answer tag of `text`, otherwise the last number; None when there is none.

    1,234 and $5 and 25% and -3 and 3/4 and 1 1/2 and 10^5 and 2.5 million are numbers; a percent sign is a unit.

    >>> last_number("so 1,234 - 4 = $1,230."), last_number(r"\boxed{\frac{3}{4}}, as 3 of 4")
    (1230.0, 0.75)
    """
    parts = [part for part in dict.fromkeys((final_part(text), text)) if part]
    for part in parts:
        found = [number for number in numerals(cleaned(part)) if number.counts]
        value = found[-1].value if found else spelled(cleaned(part)) if len(part) < 200 else None
        if found or value is not None:
            return value
    return None


def no_single_number(output: str) -> bool:
    """Whether an accepted output is not one number: a date, time, range, bound, list or expression.

    A worked solution is recognised by its end: `#### 72`, `= 72`, a box, or "the answer is 72".
    """
    part = final_part(output) or output
    text = cleaned(part)
    found = list(numerals(text))
    last = found[-1] if found else None
    if last is None:
        return False
    if _BOUND.search(text[: last.start]) or re.match(r"\+\s*\Z", text[last.end :]):
        return True
    return not last.counts or last.value is None or (len(found) > 1 and not _WORKED.search(text[: last.start]))
