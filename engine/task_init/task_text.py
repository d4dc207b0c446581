"""Writes a task file as text: each part with the reason of its guess as a comment above it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from promptwire.documents.yaml_reader import dump_yaml, read_yaml_text
from promptwire.errors import PipelineError
from promptwire.security.sanitizer import UNPRINTABLE, sanitize

__all__ = ["Part", "task_text"]

_WIDTH = 118


class Part(NamedTuple):
    """Some keys of a task file, with what is said about them."""

    keys: Mapping[str, Any]
    """The keys with their values; may be empty."""
    comments: tuple[str, ...] = ()
    """Lines above them."""


def task_text(parts: Iterable[Part]) -> str:
    """The text of the task file that these parts make."""
    lines: list[str] = []
    for part in parts:
        for comment in part.comments:
            said = " ".join(sanitize(comment).split())
            lines += textwrap.wrap(said, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)
        for key, value in part.keys.items():
            lines += _entry(key, value)
    return "\n".join(lines) + "\n"


def _entry(key: str, value: Any) -> list[str]:
    """The lines of one key."""
    if isinstance(value, dict):
        return dump_yaml({key: value}).rstrip("\n").split("\n")
    if not isinstance(value, list):
        return _lines(key, value) or f"{key}: {_scalar(value)}".split("\n")
    items = [_scalar(one) for one in value]
    if any("\n" in item for item in items):
        return [f"{key}:", *(line for item in items for line in f"- {item}".split("\n"))]
    return _flow(key, items)


def _lines(key: str, value: Any) -> list[str]:
    """A text of several lines as these lines, as people write them; nothing where this would change it."""
    if not isinstance(value, str) or "\n" not in value.rstrip("\n"):
        return []
    body = [f"  {line}" if line else "" for line in value.rstrip("\n").split("\n")]
    kept = {0: "|-", 1: "|"}.get(len(value) - len(value.rstrip("\n")))
    lines = [f"{key}: {kept}", *body]
    try:
        same = kept is not None and read_yaml_text("\n".join(lines) + "\n", "").data == {key: value}
    except PipelineError:
        return []
    return lines if same and not UNPRINTABLE.search(value) else []


def _scalar(value: Any) -> str:
    """A text, number or truth value, quoted so that it may stand within brackets too."""
    found = dump_yaml([value]).strip("\n")
    return found[1:-1] if found.startswith("[") else found.removeprefix("- ")


def _flow(key: str, items: Iterable[str]) -> list[str]:
    """A list within brackets, on lines that are not too long."""
    lines, line = list[str](), f"{key}: ["
    for item in items:
        if len(line) + len(item) > _WIDTH and not line.endswith("["):
            lines.append(line.rstrip())
            line = "  "
        line += f"{item}, "
    return [*lines, f"{line.removesuffix(', ')}]"]
