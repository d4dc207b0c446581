"""Front matter of a template: how the model is asked and how its reply is read; and the place of an error in the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Literal

from promptwire.backend import Settings
from promptwire.documents.validation_errors import validate
from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import Location, PipelineError, Problem
from promptwire.lazy_pattern import lazy_pattern
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["MAX_BYTES", "FrontMatter", "place_of", "split_front", "template_error"]

MAX_BYTES = 1_000_000
"""Largest template file."""

_FRONT = lazy_pattern(r"\s*^---[ \t]*\n(.*?\n)??---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_UNCLOSED = lazy_pattern(r"\s*^---[ \t]*$", re.MULTILINE)


class FrontMatter(Model):
    """The keys of a template's front matter."""

    called: ClassVar[str] = "a template's front matter"

    doc: str = ""
    """What the template is for."""
    mode: Literal["chat", "completion"] = "chat"
    """Whether the text is a chat or a plain text to complete."""
    verbatim: bool = False
    """Whether line breaks at the beginning and the end of a message are sent. Otherwise they only lay out the template."""
    settings: Settings = Settings()
    """Default sampling settings; a step may override them."""
    parse: Parse = Parse()
    """How the reply is read."""
    instead: str | None = None
    """For a template with a gap: the file beside it to use when the model can't fill gaps."""


def split_front(path: str, text: str) -> tuple[FrontMatter, str, int]:
    """Front matter, body, and the line on which the body starts."""
    match = _FRONT.match(text)
    if match is None:
        if (fence := _UNCLOSED.match(text)) is not None:
            line = fence[0].count("\n") + 1
            raise template_error(path, line, "template-front", "the front matter is not closed", "end it with a line ---")
        return FrontMatter(), text, 1
    above = text[: match.start(1)] if match[1] else ""
    document = read_yaml_text("\n" * above.count("\n") + (match[1] or ""), path)  # the newlines make its lines count right
    front = validate(FrontMatter, document.data or {}, document)
    return front, text[match.end() :], text[: match.end()].count("\n") + 1


def template_error(path: Path | str, line: int, code: str, words: str, hint: str = "") -> PipelineError:
    """The error of a template file at `line`; 0 for the whole file."""
    return PipelineError([Problem(code, place_of(str(path), line), words, hint)])


def place_of(path: str, line: int) -> Location:
    """The location of a line of a template, with its text."""
    if line < 1:
        return Location(path)
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_BYTES).decode("utf-8-sig").splitlines()[line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return Location(path, line, 1)
    return Location(path, line, len(text) - len(text.lstrip()) + 1, text)
