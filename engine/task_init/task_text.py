"""Writes a task file as text: each part with the reason of its guess as a comment above it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.security.sanitizer import sanitize

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
    flow = dump_yaml(value).strip() if isinstance(value, list) else dump_yaml([value]).strip()[1:-1]
    return f"{key}: {flow}".split("\n")
