"""Read the options of a multiple-choice question, and match an answer with an option's text."""

from __future__ import annotations

import re
from string import ascii_uppercase

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.denials import denied, spared
from promptwire.metrics.normalization import loose, plain
from promptwire.metrics.occurrences import occurs

__all__ = ["offered", "option_named"]

_STYLES = tuple(
    lazy_pattern(pattern, re.MULTILINE | re.IGNORECASE)
    for pattern in (
        r"(?<!\w)[(\[](?P<letter>[A-Z])[)\]][ \t:.]*",
        r"(?:^|(?<=[\s,;|\"'\[]))(?P<letter>[A-Z])\)[ \t]*",
        r"(?:^|(?<=\s))(?P<letter>[A-Z])\.[ \t]+",
        r"^[ \t]*(?:[-*\u2022][ \t]*)?\**(?:(?:option|choice)[ \t_]+)?(?P<letter>[A-Z])\**[ \t]*[:=.,)][ \t]*",
        r"^[ \t]*(?P<letter>[A-Z])[ \t]+-[ \t]+",
    )
)
_LONGEST = 50_000
"""Characters of a question that are read, from its end."""
_MOST = 500
"""Places of an option's text that are looked at, the last ones."""
_COMMON_LIST = "yes no not maybe none all both neither either it this that he she they we you i one true false right"
_COMMON = frozenset(_COMMON_LIST.split())
"""Options that are common words: they occur in answers that do not choose them."""
_SAID = lazy_pattern(
    r"(?:\A|[.!?:;\n]\s*|\b(?:is|be|it's|say|answer|choose|pick|so|therefore)[\s,]+(?:that\s+)?)[\"'(*]*\Z", re.IGNORECASE
)
_SENTENCE_END = lazy_pattern(r"[\"'*)]*(?:[.!\n]|\Z)")
_CALLED = lazy_pattern(
    r"\b(?:answer|choice|option|conclusion)\b(?:\s+(?:is|was|would be|must be|should be)\b|:)"
    r"[\s\"'*(]*(?:(?:an?|the)\s+)?[\"'*(]*\Z"
)
_ENDS = lazy_pattern(r"[\"')*]*\s*(?:[.,;:!]|-\s|\Z|because\b)", re.IGNORECASE)


def offered(question: str) -> dict[str, str]:
    """The options of `question` by letter: the longest run of (A), a) or A. that starts with A.

    >>> offered("Where?\\nA) Paris\\nB) Rome")
    {'A': 'Paris', 'B': 'Rome'}
    """
    text = plain(question[-_LONGEST:])
    best: dict[str, str] = {}
    for style in _STYLES:
        for run in _runs(list(style.finditer(text))):
            ends = [match.start() for match in run[1:]] + [len(text)]
            found = {match["letter"].upper(): _option(text[match.end() : end]) for match, end in zip(run, ends, strict=True)}
            if len(found) > max(1, len(best)) or (len(found) == len(best) and style is _STYLES[0] and all(found.values())):
                best = found
    return best


def _runs(matches: list[re.Match[str]]) -> list[list[re.Match[str]]]:
    """The matches in runs of A, B, C, ..."""
    runs: list[list[re.Match[str]]] = []
    for match in matches:
        letter = match["letter"].upper()
        if letter == "A":
            runs.append([match])
        elif runs and len(runs[-1]) < 26 and letter == ascii_uppercase[len(runs[-1])]:
            runs[-1].append(match)
    return runs


def _option(text: str) -> str:
    """The text of an option: its line, without separators."""
    line = text.partition("\n")[0].strip(" \t,;|\"'*]")
    return "" if line.casefold() in ("or", "and", ".") else line


def option_named(answer: str, question: str) -> str | None:
    """The letter of the one option whose text the answer gives; None for none or several."""
    options = {letter: loose(text) for letter, text in offered(question).items()}
    said = loose(answer)
    same = [letter for letter, text in options.items() if text and text == said]
    if len(same) == 1:
        return same[0]
    texts = [text for text in options.values() if text]
    within = [letter for letter, text in options.items() if text and occurs(text, answer, texts) and _chosen(text, said)]
    if len(within) > 1:
        within = [letter for letter in within if _named(options[letter], answer)] or within
    return within[0] if len(within) == 1 else None


def _named(text: str, answer: str) -> bool:
    """Whether the answer begins with the option `text` as a sentence, or calls it the answer."""
    even = plain(plain(answer).casefold()).lstrip(" \t\n*\"'")
    if even.startswith(text) and _SENTENCE_END.match(even, len(text)):
        return True
    places = [match.start() for match in re.finditer(re.escape(text), even)][-_MOST:]
    return any(_CALLED.search(even[max(0, start - 60) : start]) for start in places)


def _chosen(text: str, said: str) -> bool:
    """Whether `said` has the option `text` in a place that does not deny it, and a common word where it is an answer."""
    spans = [match.span() for match in re.finditer(re.escape(text), said)][-_MOST:]
    if text in _COMMON:
        return any(_SAID.search(said[max(0, start - 60) : start]) and _ENDS.match(said, end) for start, end in spans)
    return not spans or any(spared(said, *span) or not denied(said, *span) for span in spans)
