"""Remove the reasoning that a model writes into its reply before or beside its answer.

Models mark it in many ways: `<think>...</think>` (DeepSeek-R1, Qwen3), `[THINK]` (Magistral), the analysis channel of gpt-oss,
and others listed below. Only the closing tag is there when the chat template holds the opening one. Reasoning begins a reply or
stands apart in it. A tag that a sentence mentions, such as "reason between <think> and </think>", is text: prompts often ask
for one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["Span", "without_reasoning"]

Span = tuple[int, int]
"""Start and end of a part of a text."""

_TAGS = r"(?:[a-z]{1,20}[:_])?think|thinking|antthinking|thoughts?|reasoning|scratch[_-]?pad|reflection|inner[_-]monologue"
_LEFT, _RIGHT = r"(?:<|&lt;)\s{0,3}", r"\s{0,3}(?:>|&gt;)"
_OPEN = (
    rf"{_LEFT}(?P<empty>{_TAGS})(?:\s[^<>\n]{{0,80}})?\s{{0,3}}/{_RIGHT}",
    rf"{_LEFT}(?P<tag>{_TAGS})(?:\s[^<>&\n]{{0,80}})?{_RIGHT}",
    r"(?P<piped><\|(?:begin_of_|start_)?think(?:ing)?\|>)",
    r"(?P<square>(?-i:\[THINK\]))",
    r"(?P<kimi>◁think▷)",
    r"(?P<cohere><\|START_THINKING\|>)",
    r"(?P<thought><\|begin_of_thought\|>)",
    r"(?P<inner><\|inner_prefix\|>)",
    r"(?P<channel><\|channel>thought\b)",
)
_CLOSE = (
    rf"{_LEFT}[/\\]\s{{0,3}}(?P<tag_>{_TAGS}){_RIGHT}",
    r"(?P<piped_><\|(?:/|end_of_|end_)think(?:ing)?\|>)",
    r"(?P<square_>(?-i:\[/THINK\]))",
    r"(?P<kimi_>◁/think▷)",
    r"(?P<cohere_><\|END_THINKING\|>)",
    r"(?P<thought_><\|end_of_thought\|>)",
    r"(?P<inner_><\|inner_suffix\|>)",
    r"(?P<channel_><channel\|>)",
)
# Each mark begins with one of these; the look-ahead spares the other characters of a long reply seventeen tries.
_TOKEN = lazy_pattern(rf"(?=[<&\[◁])(?:{'|'.join((*_OPEN, *_CLOSE))})", re.IGNORECASE)
_THINK = lazy_pattern(r"(?:[a-z]{1,20}[:_])?think|thinking|antthinking|thoughts?", re.IGNORECASE)
_START = lazy_pattern(r"(?:\s|\ufeff|<s>|<\|im_start\|>assistant|<\|assistant\|>|<\|start\|>assistant)*", re.IGNORECASE)
_MENTION = lazy_pattern(r"\W*(?:and|or|to|tags?|your [\w ]{1,40}|the [\w ]{1,40})?\W*", re.IGNORECASE)
_NAMING = frozenset(
    {
        "in",
        "inside",
        "within",
        "between",
        "with",
        "use",
        "uses",
        "using",
        "of",
        "as",
        "like",
        "format",
        "tag",
        "tags",
        "a",
        "an",
        "the",
        "and",
        "or",
        "by",
        "put",
        "write",
        "writes",
        "begin",
        "start",
        "wrap",
        "into",
        "to",
        "from",
        "add",
        "include",
        "output",
        "produce",
        "then",
        "such",
        "named",
        "called",
    }
)
"""Words before a tag that the sentence names, instead of using it."""
_AROUND = lazy_pattern(r"(?:\*{1,3}|_{1,3})\Z")
_QUOTES = "\"'`\u201c\u201d\u2018\u2019"

_CHANNEL = lazy_pattern(r"<\|channel\|>\s*(\w+)[^<]{0,80}<\|message\|>")
_CHANNEL_END = lazy_pattern(r"<\|(?:return|end|call)\|>|<\|start\|>")
_CHANNEL_TEXT = lazy_pattern(r"\s*analysis(?=[^a-z\s]|\s*[A-Z]).*?assistantfinal(.*)\Z", re.DOTALL)
"""The same, written by a server that leaves special tokens out."""
_GRANITE = lazy_pattern(r"\s*here(?:'s| is) my thought process:.*?\bhere(?:'s| is) my response:", re.DOTALL | re.IGNORECASE)
_OLLAMA = lazy_pattern(r"\s*Thinking\.{3}\s*\n.*?\n\s{0,20}\.{3}done thinking\.", re.DOTALL)
"""As the command line of Ollama prints it."""
_WEAK = lazy_pattern(r"\s*<(?P<tag>analysis|rationale)>.*?</(?P=tag)>(?=\s*\S)", re.DOTALL | re.IGNORECASE)
"""Tags that may also hold the answer. They are reasoning where a closed block begins the reply and an answer follows."""
_WRAPPED = (
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<response>", "</response>"),
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """An opening or closing mark of reasoning."""

    start: int
    end: int
    family: str
    opens: bool


def without_reasoning(
    reply: str, keep: Callable[[str], Sequence[Span]] = lambda text: (), *, named: str = "", firm: bool = True
) -> str:
    """`reply` without reasoning; empty when it is only reasoning.

    `keep` gives the parts of a text that hold an answer; these stay unchanged. Unless they are `firm`, a closing mark without
    an opening one counts in them too. Tags in `named`, the rule by which the reply is read, are not reasoning.

    >>> without_reasoning("<think>Hm, good means positive.</think> positive")
    'positive'
    """
    text = _final_channel(reply)
    if text == reply:
        preface = _GRANITE.match(text) or _OLLAMA.match(text)
        text = text[preface.end() :] if preface else text
    text = _beside(_behind(text, named), keep, named, firm=firm)
    weak = _WEAK.match(text)
    if weak and not _asked_for(weak["tag"], named) and (keep(text[weak.end() :]) or not keep(text)):
        text = text[weak.end() :]
    return reply if text == reply else _unwrapped(text.strip())


def _final_channel(reply: str) -> str:
    """The final channel of a reply in gpt-oss's format; in any other format the reply itself."""
    marks = list(_CHANNEL.finditer(reply))
    if not marks:
        plain = _CHANNEL_TEXT.match(reply)
        return plain[1] if plain else reply
    final = next((mark for mark in reversed(marks) if mark[1].lower() == "final"), None)
    if final is None:
        return ""
    end = _CHANNEL_END.search(reply, final.end())
    return reply[final.end() : end.start() if end else len(reply)]


def _behind(text: str, named: str) -> str:
    """`text` without the reasoning that it begins with; empty when that has no end."""
    marks = _marks(text, named)
    ends = _ends(marks)
    position, place = 0, 0
    while place < len(marks):
        start = _START.match(text, position)
        if not marks[place].opens or marks[place].start != (start.end() if start else position):
            break
        closing = ends[place]
        if closing is None:
            return ""
        position, place = marks[closing].end, closing + 1
    return text[position:] if position else text


def _beside(text: str, keep: Callable[[str], Sequence[Span]], named: str, *, firm: bool) -> str:
    """`text` without the part before an unopened closing mark, and without later blocks of reasoning."""
    marks = _marks(text, named)
    if not marks:
        return text
    ends, spans = _ends(marks), sorted(keep(text))
    pieces: list[str] = []
    position, skipped = 0, set[int]()
    for place, mark in enumerate(marks):
        if place in skipped or mark.start < position:
            continue
        if _within(mark, spans) and (mark.opens or firm):
            if (closing := ends[place]) is not None:
                skipped.add(closing)
            continue
        if not mark.opens:
            pieces, position = [], mark.end
            continue
        closing = ends[place]
        if closing is None:
            if _apart(text, mark, alone=True):
                return "".join([*pieces, text[position : mark.start]])
        elif _used(text, mark) and not _MENTION.fullmatch(text, mark.end, marks[closing].start):
            pieces.append(text[position : mark.start])
            position = marks[closing].end
        else:
            skipped.add(closing)
    return "".join([*pieces, text[position:]])


def _marks(text: str, named: str) -> list[_Mark]:
    """The marks in `text` that are not quoted and not part of the rule `named`, with the emphasis around them."""
    found: list[_Mark] = []
    pending: set[str] = set()
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        name = match[kind] if kind.startswith(("tag", "empty")) else ""
        start, end = match.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        quoted = bool(before) and before in _QUOTES and bool(after) and after in _QUOTES
        if quoted or _asked_for(name, named):
            continue
        around = _AROUND.search(text[max(0, start - 3) : start]) if before in ("*", "_") else None
        if around and text.startswith(around[0], end):
            start, end = start - len(around[0]), end + len(around[0])
        family = ("think" if _THINK.fullmatch(name) else name.lower()) if name else kind.rstrip("_")
        opens = not kind.endswith("_") and not (kind == "empty" and family in pending)
        found.append(_Mark(start, end, family, opens))
        (pending.add if opens and kind != "empty" else pending.discard)(family)
        if kind == "empty" and opens:  # it holds nothing: <think/>
            found.append(_Mark(end, end, family, False))
    return found


def _asked_for(name: str, named: str) -> bool:
    """Whether the rule `named` asks for the tag `name`."""
    return bool(name and named and re.search(rf"\b{re.escape(name)}\b", named, re.IGNORECASE))


def _ends(marks: Sequence[_Mark]) -> list[int | None]:
    """For each opening mark the position of the next closing one of its family."""
    nearest: dict[str, int] = {}
    ends: list[int | None] = [None] * len(marks)
    for place in range(len(marks) - 1, -1, -1):
        if marks[place].opens:
            ends[place] = nearest.get(marks[place].family)
        else:
            nearest[marks[place].family] = place
    return ends


def _within(mark: _Mark, spans: Sequence[Span]) -> bool:
    place = bisect_right(spans, (mark.start, mark.end)) - 1
    return place >= 0 and spans[place][0] <= mark.start and mark.end <= spans[place][1]


def _apart(text: str, mark: _Mark, *, alone: bool = False) -> bool:
    """Whether a mark begins a line, or follows the end of a sentence unless it must be `alone`."""
    before = text[max(0, mark.start - 80) : mark.start].rpartition("\n")[2].rstrip(" \t*_")
    return not before or (not alone and before[-1] in ".!?:;>")


def _used(text: str, mark: _Mark) -> bool:
    """Whether a mark is used and not only named: it stands apart, or the words before it do not lead to its name."""
    return _apart(text, mark) or _word_before(text, mark) not in _NAMING


def _word_before(text: str, mark: _Mark) -> str:
    words = text[max(0, mark.start - 40) : mark.start].rstrip(" \t\"'`:,(").rsplit(maxsplit=1)
    return words[-1].lower() if words else ""


def _unwrapped(text: str) -> str:
    """`text` without the marks that some models put around the answer after their reasoning."""
    for opening, closing in _WRAPPED:
        if text[: len(opening)].lower() == opening.lower():
            inner = text[len(opening) :]
            return (inner[: -len(closing)] if inner[-len(closing) :].lower() == closing.lower() else inner).strip()
    return text
