"""Read answers out of a reply: by tags, fence, brackets, line, JSON, pattern, or whole.

Reasoning is removed first (see `reasoning`). Slips in marks are repaired (see `delimiters`), and a fence may hold fences (see
`fences`). Of several answers the last counts, because a model that reasons aloud names the format before it uses it; `all`
takes each of them. An empty answer is no answer. In a reply that was cut off, only a complete answer counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from pydantic import ConfigDict, Field, field_validator, model_validator

from promptwire.security.safe_regex import compile_pattern, find_all
from promptwire.templating.delimiters import every, is_mention, last, passages
from promptwire.templating.fences import blocks, unfenced
from promptwire.templating.json_fields import fields, repaired
from promptwire.templating.preambles import unquoted, untagged, without_preamble
from promptwire.templating.reasoning import Span, without_reasoning
from promptwire.values import Model

__all__ = ["Parse", "Reading", "parse_reply", "parse_text", "reading"]

_PROBES = ("a", "0")
_KINDS = ("whole", "tag", "open", "fence", "brackets", "line", "json_field", "regex")


class Parse(Model):
    """The rule by which a reply is read; the whole reply when no kind is named."""

    model_config = ConfigDict(populate_by_name=True)

    whole: bool = False
    """The whole reply, stripped; the default."""
    tag: str | None = Field(default=None, min_length=1)
    """`NAME` reads between `<NAME>` and `</NAME>`, in upper or lower case; a final `</NAME>` may be missing."""
    open: str | None = Field(default=None, min_length=1)
    """Opening mark that is not a tag; used with `close`."""
    close: str | None = Field(default=None, min_length=1)
    """Closing mark for `open`; may be the same."""
    fence: bool = False
    """The outermost block between lines of three or more backticks, without the word after the opening ones."""
    brackets: bool = False
    """The text in the outermost closed pair of square brackets."""
    line: Literal["first", "last"] | None = None
    """`first` or `last` line that is not blank."""
    json_field: str | None = Field(default=None, alias="json", min_length=1)
    """A field of a JSON object in the reply."""
    regex: str | None = Field(default=None, min_length=1)
    """A regular expression; its first group, or the whole match when it has none."""
    all: bool = False
    """Whether each match is an answer, instead of the last only."""
    strip_quotes: bool = False
    """Whether to remove a pair of quotes that encloses the whole answer."""
    fallback: Literal["drop", "raw", "error", "retry"] = "drop"
    """What an unreadable reply becomes. `drop`: none; `raw`: the reply without stray marks and preambles."""

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        compile_pattern(pattern or "")
        return pattern

    @model_validator(mode="after")
    def _one_kind(self) -> Parse:
        named = [kind.removesuffix("_field") for kind in _KINDS if getattr(self, kind)]
        if len(named) > 1:
            raise ValueError(f"{' and '.join(named)} can't go together: choose one")
        if (self.open is None) != (self.close is None):
            raise ValueError("open and close go together")
        return self

    @property
    def whole_reply(self) -> bool:
        """Whether the whole reply is the answer."""
        return not any(getattr(self, kind) for kind in _KINDS[1:])

    @property
    def marks(self) -> tuple[str, str] | None:
        """Opening and closing mark, where the kind has them."""
        if self.tag:
            return f"<{self.tag}>", f"</{self.tag}>"
        return (self.open, self.close) if self.open and self.close else None


class Reading(NamedTuple):
    """The result of reading a reply."""

    text: str
    """The reply without reasoning."""
    answers: tuple[str, ...]
    """The answers in it; with `fallback: raw` the whole of an unreadable reply."""
    readable: bool
    """Whether the rule found the answers."""
    mended: bool = False
    """Whether marks had to be repaired."""


def parse_reply(reply: str, parse: Parse, *, cut: bool = False) -> tuple[tuple[str, ...], bool]:
    """The answers in `reply`, and whether it was readable; see `reading`.

    >>> parse_reply("Sure! <START>Name the colour.</START>", Parse(tag="START"))
    (('Name the colour.',), True)
    """
    found = reading(reply, parse, cut=cut)
    return found.answers, found.readable


def reading(reply: str, parse: Parse, *, cut: bool = False) -> Reading:
    """Read `reply` by the rule `parse`; `cut` says that it was cut off at its longest length.

    An unreadable reply gives no answers, or with `fallback: raw` the whole reply, unless it was cut off. The caller handles
    `error` and `retry`. Raises ReplyError when a pattern takes too long.
    """
    named = " ".join(filter(None, (parse.tag, parse.open, parse.close, parse.regex)))
    text = without_reasoning(reply, lambda rest: _spans(rest, parse), named=named, firm=parse.marks is not None)
    found, mended = _found(text, parse, cut=cut)
    answers = tuple(answer for one in found if (answer := _clean(one, parse)))
    if answers:
        return Reading(text, answers if parse.all else answers[-1:], True, mended)
    raw = ""
    if parse.fallback == "raw" and not cut:
        raw = without_preamble(_without_marks(text, parse))
        raw = _clean(untagged(raw) if parse.tag else raw, parse)
    return Reading(text, (raw,) if raw else (), False)


def parse_text(text: str, parse: Parse) -> tuple[str, ...]:
    """The answers in a text that no model wrote: no reasoning, preamble or stray mark is removed.

    An unreadable text gives no answers, or with `fallback: raw` the whole text. The caller handles `error`. Raises ReplyError
    when a pattern takes too long.

    >>> parse_text("<think>not a reply</think>", Parse())
    ('<think>not a reply</think>',)
    """
    found, _ = _found(text, parse, cut=False)
    answers = tuple(answer for one in found if (answer := _clean(one, parse)))
    if answers:
        return answers if parse.all else answers[-1:]
    raw = _clean(text, parse) if parse.fallback == "raw" else ""
    return (raw,) if raw else ()


def _clean(text: str, parse: Parse) -> str:
    text = text.strip()
    if parse.marks:
        text = unfenced(text).strip()
    return unquoted(text) if parse.strip_quotes else text


def _spans(text: str, parse: Parse) -> Sequence[Span]:
    """The positions of the answers in `text`."""
    if parse.marks:
        return [(passage.start, passage.end) for passage in passages(text, *parse.marks, cut=True) if passage.closed]
    return [(block.start, block.end) for block in blocks(text)] if parse.fence else ()


def _found(text: str, parse: Parse, *, cut: bool) -> tuple[list[str], bool]:
    """The answers in the order of the text, and whether marks had to be repaired."""
    if parse.marks:
        found = passages(text, *parse.marks, cut=cut)
        chosen = every(found) if parse.all else last(found)
        return [passage.text for passage in chosen], any(passage.mended for passage in chosen)
    if parse.fence:
        fenced = [block for block in blocks(text) if block.text.strip() and (block.closed or not cut)]
        fenced = fenced if parse.all else ([block for block in fenced if block.closed] or fenced)[-1:]
        return [block.text for block in fenced], any(not block.closed for block in fenced)
    matches = list(_matches(text, parse, cut=cut))
    if parse.json_field and not matches:
        matches = list(fields(repaired(text), parse.json_field))
        return matches, bool(matches)
    return matches, False


def _matches(reply: str, parse: Parse, *, cut: bool) -> Iterator[str]:
    """All possible answers in the order of the reply; only complete ones if it was cut off."""
    if parse.brackets:
        return _bracketed(reply)
    if parse.line:
        return _lines(reply, parse, cut=cut)
    if parse.json_field:
        return fields(reply, parse.json_field)
    if parse.regex:
        return _settled(reply, parse.regex) if cut else find_all(parse.regex, reply)
    return iter(() if cut else [reply])


def _settled(reply: str, pattern: str) -> Iterator[str]:
    """The matches that more text would not change."""
    found = list(find_all(pattern, reply))
    for probe in _PROBES:
        longer = list(find_all(pattern, reply + probe))
        found = [one for place, one in enumerate(found) if longer[place : place + 1] == [one]]
    return iter(found)


def _bracketed(reply: str) -> Iterator[str]:
    """The pairs that close and stand in no other pair that closes."""
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for mark in re.finditer(r"[\[\]]", reply):
        if mark[0] == "[":
            opened.append(mark.end())
        elif opened:
            start = opened.pop()
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, mark.start()))
    return (reply[start:end] for start, end in pairs)


def _lines(reply: str, parse: Parse, *, cut: bool) -> Iterator[str]:
    whole = reply.splitlines()
    if cut:  # the last line may go on
        whole = [] if parse.line == "last" and not parse.all else whole[:-1]
    lines = [line for line in whole if _clean(line, parse)]
    # The last element of the iterator is the answer when one is wanted.
    return iter(lines if parse.all or parse.line == "last" else lines[:1])


def _without_marks(reply: str, parse: Parse) -> str:
    """The reply after the last stray opening mark and before the first closing one."""
    if parse.fence:
        return "\n".join(line for line in reply.splitlines() if not line.lstrip().startswith("```"))
    marks = parse.marks or (("[", "]") if parse.brackets else None)
    if marks is None:
        return reply
    opening, closing = (re.compile(re.escape(mark), re.IGNORECASE) for mark in marks)
    ends = [mark.end() for mark in opening.finditer(reply)]
    text = reply[ends[-1] :] if ends else reply
    closed = closing.search(text)
    between = text[: closed.start()] if closed and ends else ""
    if between.strip() and is_mention(between):
        return reply
    return text[: closed.start()] if closed else text
