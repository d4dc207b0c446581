"""How right an answer is: the arithmetic behind the metrics, as plain functions of texts.

Each compares one answer with the accepted ones and gives 1.0 for right, 0.0 for wrong, or a share in between. They forgive what
has nothing to do with the task (case, a full stop, quotes around it) and nothing else: brackets, digits and signs are often
the answer itself.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter, deque
from collections.abc import Sequence

from promptwire.patterns import found

__all__ = [
    "choice_letter",
    "contains",
    "exact",
    "f1",
    "induction",
    "last_number",
    "loose",
    "multiple_choice",
    "numeric",
    "option_letter",
    "option_named",
    "pattern",
    "same_words",
]

TOLERANCE = 1e-6
"""Relative difference below which two numbers are the same; covers binary fractions, not rounding by a model."""

_PAIRS = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb", "\u201e": "\u201c"}
_NO_PUNCTUATION = str.maketrans({**dict.fromkeys(string.punctuation, ""), "-": " "})
_PLAIN = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3}(?![0-9A-Za-z]))?|\.[0-9]+"
_NUMBER = re.compile(
    rf"(?:(?<![\w.)])(?P<sign>[-\u2212]))?[$\u20ac\u00a3]?(?:(?P<whole>[0-9]+) (?=[0-9]+/[0-9]))?(?P<top>{_PLAIN})"
    r"(?:/(?P<bottom>[0-9]+(?:\.[0-9]+)?)(?![/0-9]))?"
)
_LETTER = re.compile(r"\(?([A-Za-z])[).:]{0,2}")
_IN_BRACKETS = re.compile(r"\(([A-Za-z])\)")
_NAMED = re.compile(r"\banswer(?:\s+is)?\s*:?\s*(?:\*\*)?\(?(?:option\s+)?([A-Z])\b(?!')", re.IGNORECASE)
_LEADING = re.compile(r"([A-Z])[).:]")
_TRAILING = re.compile(r"(?<![\w'])([A-Z])[.!*\s]*\Z")
_OPTION = re.compile(r"(?:^|(?<=\s))\(([A-Za-z])\)[ \t]*([^\n]*?)(?=[ \t]+\([A-Za-z]\)[ \t]|[ \t]*$)", re.MULTILINE)


def loose(text: str) -> str:
    """`text` without what `exact` forgives: outer blanks, one pair of quotes, one full stop, case, the width of blanks.

    >>> loose(' "Sea  Lion". ')
    'sea lion'
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    for _ in range(2):  # the full stop may stand inside or outside of the quotes
        if len(text) > 1 and text.endswith(".") and not text.endswith(".."):
            text = text[:-1].rstrip()
        if len(text) > 2 and _PAIRS.get(text[0]) == text[-1]:
            text = text[1:-1].strip()
    return text.casefold()


def exact(answer: str, outputs: Sequence[str]) -> float:
    """Whether the answer is an accepted one, but for what `loose` forgives."""
    return float(loose(answer) in {loose(output) for output in outputs})


def _inducted(text: str) -> str:
    line = text.replace(" and ", " ").strip().split("\n")[0].split(".")[0]
    return " ".join(line.lower().translate(_NO_PUNCTUATION).split())


def induction(answer: str, outputs: Sequence[str]) -> float:
    """Equality as the Instruction Induction tasks (and APE) measure it.

    First line, first sentence, lower case, hyphens as blanks, other punctuation and the word "and" removed. It takes 3.5 for
    3 and (A) for a, so it is an option and not the default.
    """
    said = _inducted(answer)
    return float(bool(said) and said in {_inducted(output) for output in outputs})


def contains(answer: str, outputs: Sequence[str]) -> float:
    """Whether an accepted answer occurs as whole words."""
    text = " ".join(unicodedata.normalize("NFC", answer).casefold().split())
    wanted = [loose(output) for output in outputs]
    return float(any(word and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None for word in wanted))


def _words(text: str) -> frozenset[str]:
    bare = (word.strip(string.punctuation) for word in re.split(r"[\s,;]+", unicodedata.normalize("NFC", text).casefold()))
    return frozenset(word for word in bare if word and word != "and")


def same_words(answer: str, outputs: Sequence[str]) -> float:
    """Whether the answer has the same words as an accepted one, in any order; "and" does not count."""
    return float(_words(answer) in [_words(output) for output in outputs])


def _tokens(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).casefold().translate(_NO_PUNCTUATION).split()


def f1(answer: str, outputs: Sequence[str]) -> float:
    """Token F1, the best over the accepted answers."""
    said = Counter(_tokens(answer))
    best = 0.0
    for output in outputs:
        wanted = Counter(_tokens(output))
        shared = sum((said & wanted).values())
        if shared:
            best = max(best, 2 * shared / (said.total() + wanted.total()))
    return best


def last_number(text: str) -> float | None:
    """The last number in `text`: 1,234 and $5 and 25% and -3 and 3/4 and 1 1/2 are numbers. None when there is none.

    >>> last_number("so 1,234 - 4 = $1,230.")
    1230.0
    """
    matches = deque(_NUMBER.finditer(text), maxlen=1)
    if not matches:
        return None
    found = matches[0]
    value = float(found["top"].replace(",", ""))
    if found["bottom"]:
        bottom = float(found["bottom"])
        if not bottom:
            return None
        value = value / bottom + float(found["whole"] or 0)
    value = -value if found["sign"] else value
    return value if math.isfinite(value) else None


def numeric(answer: str, outputs: Sequence[str]) -> float:
    """Whether the last number of the answer is that of an accepted one. A percent sign is a unit: 25% is 25."""
    said = last_number(answer)
    wanted = [number for output in outputs if (number := last_number(output)) is not None]
    return float(said is not None and any(math.isclose(said, number, rel_tol=TOLERANCE, abs_tol=1e-9) for number in wanted))


def choice_letter(text: str) -> str | None:
    """The letter when `text` is nothing but one: (A), A, A. or a)."""
    match = _LETTER.fullmatch(text.strip())
    return match[1].upper() if match else None


def option_letter(answer: str) -> str | None:
    """The option that an answer settles on; None when it names none.

    In this order: the whole answer is a letter; the last "answer is X"; the last letter in brackets; a letter that begins the
    answer, as in "B. Paris"; a capital that ends it. A lone "A" elsewhere is an article.

    >>> option_letter("The answer is (B), because (A) is wrong."), option_letter("A dog")
    ('B', None)
    """
    text = answer.strip()
    if letter := choice_letter(text):
        return letter
    named = [match for match in _NAMED.findall(text) if match.isupper()] or _IN_BRACKETS.findall(text)
    if named:
        return str(named[-1]).upper()
    match = _LEADING.match(text) or _TRAILING.search(text[-40:])
    return str(match[1]) if match else None


def multiple_choice(answer: str, outputs: Sequence[str]) -> float:
    """Whether the answer settles on the accepted option; see `option_letter`."""
    said = option_letter(answer)
    return float(said is not None and said in {choice_letter(output) for output in outputs})


def option_named(answer: str, question: str) -> str | None:
    """The one option of `question` whose text the answer gives; None when it gives none or several."""
    options: dict[str, str] = {letter.upper(): loose(text) for letter, text in _OPTION.findall(question)}
    said = loose(answer)
    same = [letter for letter, text in options.items() if text and text == said]
    if len(same) == 1:
        return same[0]
    within = [letter for letter, text in options.items() if text and contains(answer, [text])]
    return within[0] if len(within) == 1 else None


def pattern(answer: str, outputs: Sequence[str]) -> float:
    """Whether an accepted output, taken as a pattern, is found in the answer. Raises ReplyError when it takes too long."""
    return float(any(found(output, answer) for output in outputs))
