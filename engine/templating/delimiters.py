"""Find passages between an opening and a closing mark, with slips of models repaired.

Models are asked for `<START>` and `<END>` and write `</START>`, `< start >`, `**<START>**`, `[START]`, or no closing mark. An
opening mark belongs to the next closing one; of several openings before it the last counts. If that finds no passage, one
reaches to the next opening mark, or to the end of a reply that was not cut off. A mark that a sentence mentions, such as
"between <START> and <END>", is not a mark. When nothing else is found, a heading that mentions both stands for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from promptwire.lazy_pattern import lazy_pattern
from promptwire.templating.fences import blocks

__all__ = ["Passage", "every", "is_mention", "last", "passages"]

_ANGLED = lazy_pattern(r"<\s*([/\\]?)\s*(\w[\w:.\- ]*?)\s*>")
_LEFT, _RIGHT = r"(?:\\?<|&lt;|\uff1c|\u3008)", r"(?:\\?>|&gt;|\uff1e|\u3009)"
_NUMBER = r"(?:[\s_#-]{0,3}\d{1,3})?"
_GAP = r"\s{0,3}"
_STOPS = r"(?=[.:;,]?[ \t]{0,3}(?:\n|\Z))"
"""Where a line ends although the mark lacks its bracket."""
_HALF = lazy_pattern(
    r"(?P<left>[<\[\uff1c]|&lt;)\s?(?P<slash>[/\\]?)\s?(?P<name>[\w\- ]{0,40})(?P<right>[>\]\uff1e]|&gt;)?[.:;,]?\Z"
)
_ALIKE = 0.8
"""Least likeness of a closing tag that is spelled wrongly."""
_AROUND = lazy_pattern(r"(?:\*{1,3}|_{1,3}|`{1,2})\Z")
_ITEM = lazy_pattern(r"\n[ \t]{0,20}(?:\d{1,3}[.):]?|[-*#\u2022]{1,3})[ \t]{0,20}\Z")
"""The beginning of the next item of a list."""
_NUMBERED = lazy_pattern(r"\W*\d{1,3}")
_MENTION = lazy_pattern(r"\s(?:and|or|to|und|et|y|e)?\s|[\u548c\u4e0e\u53ca]", re.IGNORECASE)
_HEADING_END = lazy_pattern(r"[ \t]{0,3}(?::[*_`]{0,3}(?=\s)|[*_`]{0,3}:?[ \t]{0,3}\n)\s{0,9}")


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage."""

    text: str
    closed: bool
    """Whether it has a closing mark."""
    mended: bool
    """Whether its marks differ from those asked for."""
    start: int
    """Where its opening mark starts."""
    end: int
    """Where its closing mark ends."""


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    opens: bool
    exact: bool
    stands: bool
    """Whether it begins a line or follows the end of a sentence, so that it is not part of one."""


def passages(reply: str, opening: str, closing: str, *, cut: bool = False) -> list[Passage]:
    """All passages in the order of the reply; the last may lack its closing mark unless the reply was `cut` off."""
    if opening.casefold() == closing.casefold():
        return list(_alternating(reply, opening))
    found: list[Passage] = []
    for pattern in _patterns(opening, closing):
        marks = list(_marks(reply, pattern, opening, closing))
        found = [
            passage
            if passage.closed or not passage.text.strip()
            else replace(passage, text=_without_half(passage.text, opening, closing))
            for passage in list(_paired(reply, marks, cut=cut)) or (() if cut else _announced(reply, marks))
        ]
        if any(passage.text.strip() for passage in found):
            break
    return found


def last(found: Sequence[Passage]) -> list[Passage]:
    """The one passage that is the answer: the last with a closing mark, otherwise the last."""
    full = [passage for passage in found if passage.text.strip()]
    closed = [passage for passage in full if passage.closed]
    return (closed or full)[-1:]


def every(found: Sequence[Passage]) -> list[Passage]:
    """All passages that are not blank."""
    return [passage for passage in found if passage.text.strip()]


@lru_cache(maxsize=64)
def _patterns(opening: str, closing: str) -> tuple[re.Pattern[str], ...]:
    """Patterns for the marks: in angle brackets, then in square ones; marks without brackets are matched literally."""
    exact = (re.escape(opening), re.escape(closing))
    tags = _ANGLED.fullmatch(opening), _ANGLED.fullmatch(closing)
    if tags[0] is None or tags[1] is None or tags[0][1]:
        return (re.compile(f"({exact[0]})|{exact[1]}", re.IGNORECASE),)
    begin, end = _name(tags[0][2]), _name(tags[1][2])
    made = []
    for left, right in ((_LEFT, _RIGHT), (r"\\?\[", r"\\?\]")):
        opens = rf"{left}{_GAP}{begin}{_NUMBER}(?:\s{{1,3}}[\w:-]{{1,40}}\s?=[^<>\n]{{0,80}})?{_GAP}{right}"
        line = rf"(?:{_GAP}{right}|{_STOPS})"
        shut = rf"{left}{_GAP}(?:[/\\]{_GAP}(?:{begin}|{end})s?{_NUMBER}{line}|(?:{begin}|{end}){_GAP}[/\\]{_GAP}{right})"
        stop = line if len(tags[1][2]) > 2 else rf"{_GAP}{right}"
        plain = rf"|{left}{_GAP}{end}{_NUMBER}{stop}" if begin.lower() != end.lower() else ""
        made.append(re.compile(rf"({exact[0]}|{opens})|{exact[1]}|{shut}{plain}", re.IGNORECASE))
    return tuple(made)


def _name(name: str) -> str:
    return r"[\s_-]{0,3}".join(re.escape(part) for part in re.split(r"[\s_-]+", name) if part)


def _marks(reply: str, pattern: re.Pattern[str], opening: str, closing: str) -> Iterator[_Mark]:
    """The marks in `reply`, with the stars, underscores or backticks that surround them."""
    escaped = False
    for match in pattern.finditer(reply):
        start, end, opens = match.start(), match.end(), match[1] is not None
        if opens:
            escaped = match[0].startswith("\\")
        elif not escaped and match[0] == f"\\{closing}":  # the backslash ends the passage
            start += 1
        exact = reply[start:end] == (opening if opens else closing)
        while end - start < 200 and reply[start - 1 : start] == "<" and reply[end : end + 1] == ">":
            start, end, exact = start - 1, end + 1, False
        around = _AROUND.search(reply[max(0, start - 3) : start]) if reply[start - 1 : start] in ("*", "_", "`") else None
        if around and reply.startswith(around[0], end):
            start, end, exact = start - len(around[0]), end + len(around[0]), False
        before = reply[max(0, start - 80) : start].rpartition("\n")[2].rstrip(" \t*_")
        stands = not before or not (before[-1].isalnum() or before[-1] in ",\"'`") or _NUMBERED.fullmatch(before) is not None
        yield _Mark(start, end, opens, exact, stands)


def _paired(reply: str, marks: Sequence[_Mark], *, cut: bool) -> Iterator[Passage]:
    """Passages by the marks around them."""
    pending: _Mark | None = None
    closings = any(not mark.opens for mark in marks)
    for mark in marks:
        if pending is not None:
            inner = reply[pending.end : mark.start]
            if not mark.opens and (pending.stands or not is_mention(inner)):
                yield Passage(inner, True, not (pending.exact and mark.exact), pending.start, mark.end)
            elif mark.opens and pending.stands and (mark.stands or not closings):
                yield Passage(_ITEM.sub("", inner), False, True, pending.start, mark.start)
        pending = mark if mark.opens else None
    if pending is not None and pending.stands and not cut:
        inner = reply[pending.end :]
        found = blocks(inner)
        if found and not found[-1].closed:  # the marks stand in a fence that ends after them
            fence = inner[found[-1].start : found[-1].end]
            inner = inner[: found[-1].start] if not fence.strip("`~ \n") else inner
        yield Passage(inner, False, True, pending.start, len(reply))


def is_mention(inner: str) -> bool:
    """Whether `inner`, the text between two marks, shows that a sentence only mentions them, as in "between <A> and <B>"."""
    return "\n" not in inner and _MENTION.fullmatch(inner) is not None


def _announced(reply: str, marks: Sequence[_Mark]) -> Iterator[Passage]:
    """The text below the last heading that mentions both marks, such as "Sentence between <START> and <END>:"."""
    for first, second in reversed(list(pairwise(marks))):
        heading_end = _HEADING_END.match(reply, second.end)
        if first.opens and not second.opens and is_mention(reply[first.end : second.start]) and heading_end:
            yield Passage(reply[heading_end.end() :], False, True, first.start, len(reply))
            return


def _alternating(reply: str, mark: str) -> Iterator[Passage]:
    start: int | None = None
    opened = 0
    for match in re.finditer(re.escape(mark), reply, re.IGNORECASE):
        if start is None:
            start, opened = match.end(), match.start()
        else:
            yield Passage(reply[start : match.start()], True, False, opened, match.end())
            start = None


def _without_half(text: str, opening: str, closing: str) -> str:
    """`text` without the half or misspelled closing mark that ends it, such as `</`, `<EN` or `</anser>`."""
    bare = text.rstrip(" \t\r\n*_`")
    tags = _ANGLED.fullmatch(opening), _ANGLED.fullmatch(closing)
    if tags[0] is None or tags[1] is None:
        half = next((size for size in range(len(closing) - 1, 2, -1) if bare.lower().endswith(closing[:size].lower())), 0)
        return bare[: len(bare) - half] if half else text
    half_mark = _HALF.search(bare, max(0, len(bare) - 60))
    if half_mark is None:
        return text
    name, slash = _letters(half_mark["name"]), half_mark["slash"]
    begun = any(_letters(tag[2]).startswith(name) for tag in tags if tag)
    if slash:
        spelled = begun or any(SequenceMatcher(None, name, _letters(tag[2])).ratio() >= _ALIKE for tag in tags if tag)
    else:
        spelled = begun and half_mark["right"] is None and (len(name) > 1 or (not name and half_mark["left"] != "["))
    return bare[: half_mark.start()] if spelled else text


def _letters(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()
