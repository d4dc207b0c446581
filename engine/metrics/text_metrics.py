"""Compare an answer with the accepted outputs: the functions behind the metrics.

Each function gives 1.0 for a right answer, 0.0 for a wrong one, or a share in between. They ignore case, a full stop, and
quotes and Markdown around the answer. They ignore nothing else: brackets, digits and signs are often the answer itself.
"""

from __future__ import annotations

import math
import string
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.answer_names import may_name
from promptwire.metrics.answer_wrappers import readings
from promptwire.metrics.normalization import REMEMBERED, loose, words
from promptwire.metrics.numerals import last_number, no_single_number
from promptwire.metrics.occurrences import occurs
from promptwire.metrics.offered_options import option_named
from promptwire.metrics.option_letters import choice_letter, option_letter
from promptwire.security.safe_regex import matches

__all__ = [
    "choice_letter",
    "contains",
    "equals",
    "exact",
    "f1",
    "includes",
    "includes_any_case",
    "induction",
    "last_number",
    "loose",
    "multiple_choice",
    "no_single_number",
    "numeric",
    "option_letter",
    "option_named",
    "pattern",
    "same_words",
    "spelling",
    "unwrapped",
]

TOLERANCE = 1e-6
"""Relative difference below which two numbers are equal; covers binary fractions, not rounding by a model."""

_NO_PUNCTUATION = str.maketrans({**dict.fromkeys(string.punctuation, ""), "-": " "})


def unwrapped(answer: str, outputs: Sequence[str], labels: Collection[str] = ()) -> str:
    """The answer without wrappers: the reading that is an accepted output, otherwise the shortest reading."""
    if len(answer) <= REMEMBERED:
        return _short_unwrapped(answer, tuple(outputs), tuple(labels))
    return _unwrapped(answer, outputs, labels)


def _unwrapped(answer: str, outputs: Sequence[str], labels: Collection[str]) -> str:
    even = spelling(labels)
    found = readings(answer, {loose(label) for label in labels})
    wanted = {even(output) for output in outputs}
    return next((text for text in found if even(text) in wanted), found[-1])


# Answers to many examples are one of few labels.
_short_unwrapped = lru_cache(maxsize=8192)(_unwrapped)


def exact(answer: str, outputs: Sequence[str], labels: Collection[str] = ()) -> float:
    """Whether the answer is an accepted one, after `readings` and `loose`; "not entailment" is the label `not_entailment`."""
    if len(answer) <= REMEMBERED:
        return _short_exact(answer, tuple(outputs), tuple(labels))
    return _exact(answer, outputs, labels)


def _exact(answer: str, outputs: Sequence[str], labels: Collection[str]) -> float:
    even = spelling(labels)
    return float(even(unwrapped(answer, outputs, labels)) in {even(output) for output in outputs})


_short_exact = lru_cache(maxsize=8192)(_exact)


_JOINT = lazy_pattern(r"(?<=[^\W\d_])[_-](?=[^\W\d_])")
"""An underscore or a hyphen between words."""


def spelling(labels: Collection[str]) -> Callable[[str], str]:
    """The form in which answers are compared, given the task's labels: joints count as blanks if the labels stay apart."""
    return _spelling(tuple(labels))


@lru_cache(maxsize=256)
def _spelling(labels: tuple[str, ...]) -> Callable[[str], str]:
    apart = {loose(label) for label in labels}
    if labels and len({_JOINT.sub(" ", label) for label in apart}) == len(apart):
        return lambda text: _JOINT.sub(" ", loose(text))
    return loose


def _inducted(text: str) -> str:
    line = text.replace(" and ", " ").strip().split("\n")[0].split(".")[0]
    return " ".join(line.lower().translate(_NO_PUNCTUATION).split())


def induction(answer: str, outputs: Sequence[str]) -> float:
    """Equality as in the Instruction Induction tasks and APE.

    First line, first sentence, lower case, hyphens as blanks, other punctuation and the word "and" removed. It reads 3.5 as 3
    and (A) as a, so it is not the default.
    """
    said = _inducted(answer)
    return float(bool(said) and said in {_inducted(output) for output in outputs})


def contains(answer: str, outputs: Sequence[str], labels: Collection[str] = ()) -> float:
    """Whether an accepted answer occurs as whole words, outside of the longer `labels`."""
    return float(any(occurs(output, answer, labels) for output in outputs))


_EDGES = r"(?:(?![-+#%]|\w)[^\s])"
_LEFT = lazy_pattern(rf"\A(?:-(?![0-9.])|[+#%]|{_EDGES})+")
_RIGHT = lazy_pattern(rf"(?:-|{_EDGES})+\Z")


_SPLIT = lazy_pattern(r"[\s,;|\u30fb]+|(?<=[^\W\d_])/(?=[^\W\d_])")
_THOUSANDS = lazy_pattern(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9,])")
_NUMBERED = lazy_pattern(r"(?:\A|\n)[ \t]*[0-9]{1,3}[.)][ \t]+(?=\S)")


_HEADING = lazy_pattern(r"\s*(?P<name>[^\n:]{1,60}):(?:(?<=\bare:)|(?<=\bis:)|(?<=\binclude:)|[ *_]*\n)")
"""The heading of a list, such as "The animals are:"."""


def _items(text: str) -> set[frozenset[str]]:
    """The set of words of `text`, for each way to read a comma between digits."""
    even = loose(text)
    return {_chunks(even), _chunks(_THOUSANDS.sub(lambda found: found[0].replace(",", ""), even))}


def _chunks(text: str) -> frozenset[str]:
    bare = (_RIGHT.sub("", _LEFT.sub("", chunk)) for chunk in _SPLIT.split(text))
    return frozenset(chunk for chunk in bare if chunk and chunk != "and")


def _is_numbered(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) > 1 and len(_NUMBERED.findall(text)) == len(lines)


def same_words(answer: str, outputs: Sequence[str]) -> float:
    """Whether the answer has the same words as an accepted one, in any order; "and" does not count.

    A name before a colon, the numbers of a list and other wrappers of the answer do not count either.
    """
    said = readings(answer)
    heading = _HEADING.match(answer)
    if heading and may_name(heading["name"], ()):
        said += readings(answer[heading.end() :])
    said += [_NUMBERED.sub("\n", text) for text in said if _is_numbered(text)]
    wanted: set[frozenset[str]] = set().union(*map(_items, outputs))
    return float(any(not wanted.isdisjoint(_items(text)) for text in said))


def f1(answer: str, outputs: Sequence[str]) -> float:
    """Token F1, the best over the accepted answers; tokens are characters in a script without blanks."""
    said = Counter(words(answer))
    best = 0.0
    for output in outputs:
        wanted = Counter(words(output))
        shared = sum((said & wanted).values())
        if shared:
            best = max(best, 2 * shared / (said.total() + wanted.total()))
    return best


def numeric(answer: str, outputs: Sequence[str]) -> float:
    """Whether the number in the answer equals that of an accepted one. A percent sign is a unit: 25% is 25."""
    said = last_number(answer)
    wanted = [number for output in outputs if (number := last_number(output)) is not None]
    return float(said is not None and any(math.isclose(said, number, rel_tol=TOLERANCE, abs_tol=1e-9) for number in wanted))


def multiple_choice(answer: str, outputs: Sequence[str]) -> float:
    """Whether the answer settles on the accepted option; see `option_letter`."""
    said = option_letter(answer)
    return float(said is not None and said in {choice_letter(output) for output in outputs})


def equals(answer: str, outputs: Sequence[str]) -> float:
    """Whether the answer is an accepted one, character by character."""
    return float(answer in outputs)


def includes(answer: str, outputs: Sequence[str]) -> float:
    """Whether an accepted output is a part of the answer, character by character, also inside of a word."""
    return float(any(output in answer for output in outputs))


def includes_any_case(answer: str, outputs: Sequence[str]) -> float:
    """Whether an accepted output is a part of the answer, in upper or lower case."""
    lower = answer.lower()
    return float(any(output.lower() in lower for output in outputs))


def pattern(answer: str, outputs: Sequence[str]) -> float:
    """Whether an accepted output, as a regular expression, matches in the answer. Raises ReplyError when it takes too long."""
    return float(any(matches(output, answer) for output in outputs))
