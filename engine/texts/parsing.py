"""Read answers out of a reply: between tags, in a fence, in brackets, on a line, in JSON, by a pattern, or the whole of it.

What a model writes is hostile by accident: tags without an end, tags named before they are used, fences in fences. The rules
are few and take one pass over the reply, whatever is in it. An opening mark belongs to the next closing one, and of several
openings before it the last counts; an opening without an end is no answer. Of several answers the last counts, for a model
that thinks aloud names the format before it uses it, unless `all` asks for every one. An empty answer is no answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from promptwire.patterns import compiled, find
from promptwire.values import Model

__all__ = ["Parse", "read"]

JSON_TRIES = 64
"""So many opening braces of a reply are tried as the start of a JSON object."""
_QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb", "\u201e": "\u201c"}
_KINDS = ("whole", "tag", "open", "fence", "brackets", "line", "json_field", "regex")


class Parse(Model):
    """How a reply is read. One of the kinds; the whole reply when none is named."""

    model_config = ConfigDict(populate_by_name=True)

    whole: bool = False
    """The whole reply, stripped: what is done when nothing else is said."""
    tag: str | None = Field(default=None, min_length=1)
    """`NAME` reads between `<NAME>` and `</NAME>`, in any case of letters."""
    open: str | None = Field(default=None, min_length=1)
    """Opening mark, where it is no tag; with `close`."""
    close: str | None = Field(default=None, min_length=1)
    """Closing mark that goes with `open`; may be the same."""
    fence: bool = False
    """Blocks between lines of three backticks or more; the word after the opening ones is dropped."""
    brackets: bool = False
    """Between square brackets, the outermost pair that is closed."""
    line: Literal["first", "last"] | None = None
    """The first or last line that is not blank."""
    json_field: str | None = Field(default=None, alias="json", min_length=1)
    """A field of a JSON object in the reply."""
    regex: str | None = Field(default=None, min_length=1)
    """A pattern; its first group, or all of it when it has none."""
    all: bool = False
    """Every match is an answer, not only the last."""
    strip_quotes: bool = False
    """Take off one pair of quotes around an answer."""
    fallback: Literal["drop", "raw", "error", "retry"] = "drop"
    """What an unreadable reply becomes: nothing; the whole reply without stray marks; an error; another try."""

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        compiled(pattern or "")
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
    def marks(self) -> tuple[str, str] | None:
        """Opening and closing mark, where the kind has them."""
        if self.tag:
            return f"<{self.tag}>", f"</{self.tag}>"
        return (self.open, self.close) if self.open and self.close else None


def read(reply: str, parse: Parse) -> tuple[tuple[str, ...], bool]:
    """The answers in `reply`, and whether it could be read.

    An unreadable reply gives no answers, or with `fallback: raw` the whole of it. `error` and `retry` are the caller's to do.
    Raises ReplyError when a pattern takes too long.

    >>> read("Sure! <START>Name the colour.</START>", Parse(tag="START"))
    (('Name the colour.',), True)
    """
    found = [_clean(text, parse) for text in _matches(reply, parse)]
    answers = tuple(text for text in found if text)
    if answers:
        return (answers if parse.all else answers[-1:]), True
    raw = _clean(_without_marks(reply, parse), parse) if parse.fallback == "raw" else ""
    return ((raw,) if raw else ()), False


def _clean(text: str, parse: Parse) -> str:
    text = text.strip()
    if parse.strip_quotes and len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def _matches(reply: str, parse: Parse) -> Iterator[str]:
    """Everything that could be an answer, in the order of the reply."""
    if parse.marks:
        return _between(reply, *parse.marks)
    if parse.fence:
        return _fenced(reply)
    if parse.brackets:
        return _bracketed(reply)
    if parse.line:
        return _lines(reply, parse)
    if parse.json_field:
        return _fields(reply, parse.json_field)
    if parse.regex:
        return find(parse.regex, reply)
    return iter([reply])


def _between(reply: str, opening: str, closing: str) -> Iterator[str]:
    marks = re.compile(f"({re.escape(opening)})|{re.escape(closing)}", re.IGNORECASE)
    start: int | None = None
    for mark in marks.finditer(reply):
        if start is not None and (mark[1] is None or opening == closing):
            yield reply[start : mark.start()]
            start = None
        elif mark[1] is not None:
            start = mark.end()


def _fenced(reply: str) -> Iterator[str]:
    """Blocks as in CommonMark: the closing line has at least as many backticks as the opening one. Also a block on one line."""
    width, block = 0, list[str]()
    for line in reply.splitlines():
        bare = line.strip()
        ticks = len(bare) - len(bare.lstrip("`"))
        if width:
            if ticks >= width and ticks == len(bare):
                yield "\n".join(block)
                width, block = 0, []
            else:
                block.append(line)
        elif ticks >= 3:
            if "`" not in bare[ticks:]:
                width = ticks
            elif bare.endswith("`" * ticks):
                yield bare[ticks:-ticks]


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


def _lines(reply: str, parse: Parse) -> Iterator[str]:
    lines = [line for line in reply.splitlines() if _clean(line, parse)]
    # What comes last in the iterator is the answer when only one is wanted.
    return iter(lines if parse.all or parse.line == "last" else lines[:1])


def _fields(reply: str, name: str) -> Iterator[str]:
    decoder = json.JSONDecoder()
    position = reply.find("{")
    for _ in range(JSON_TRIES):
        if position < 0:
            return
        try:
            value, end = decoder.raw_decode(reply, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            if isinstance(value, dict):
                yield from _texts(value.get(name))
        position = reply.find("{", end)


def _texts(value: Any) -> Iterator[str]:
    """A JSON value as answers: a text, a number, true or false; a list of these is many answers; anything else is none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool | int | float):
        yield json.dumps(value)
    elif isinstance(value, list):
        for element in value:
            if not isinstance(element, list):
                yield from _texts(element)


def _without_marks(reply: str, parse: Parse) -> str:
    """The reply after the last stray opening mark and before the first closing one: a tag may have been cut off."""
    if parse.fence:
        return "\n".join(line for line in reply.splitlines() if not line.lstrip().startswith("```"))
    marks = parse.marks or (("[", "]") if parse.brackets else None)
    if marks is None:
        return reply
    opening, closing = (re.compile(re.escape(mark), re.IGNORECASE) for mark in marks)
    ends = [mark.end() for mark in opening.finditer(reply)]
    text = reply[ends[-1] :] if ends else reply
    closed = closing.search(text)
    return text[: closed.start()] if closed else text
