"""Lines of a template that start a message, a side of a gap, or a named text.

A line `--- user ---` (or `system`, `assistant`) starts a message, `--- gap ---` the text after an infill. A line
`--- turns ---` is the place of a conversation; a text below it goes before the first message of the user. In a template
that is rendered without a model, a line `--- NAME ---` starts a further text with a name of its own. The source is cut at these
lines before it is rendered. So no text of a model or a data file can start a part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, Literal, NamedTuple

from promptwire.lazy_pattern import lazy_pattern
from promptwire.values.named import check_name

__all__ = ["TURNS", "Slip", "cut", "misplaced", "nearly_marks"]

TURNS: Final = "turns"
"""Mark of the place where a task template shows a conversation."""
_ROLES: Final = ("system", "user", "assistant", "gap", TURNS)
_MARK: Final = lazy_pattern(rf"^--- ({'|'.join(_ROLES)}) ---[ \t]*$", re.MULTILINE)
_NAMED: Final = lazy_pattern(r"^--- ([a-z]\w*) ---[ \t]*$", re.MULTILINE | re.ASCII)
_LIKE_A_MARK: Final = lazy_pattern(r"^[ \t]*-{2,}[ \t]*([A-Za-z]\w*)[ \t]*-{2,}[ \t]*$", re.MULTILINE)
_STARTS: Final = "a message starts with a line '--- system ---', '--- user ---' or '--- assistant ---'"
_NAMES: Final = "a named text starts with a line '--- NAME ---' of small letters, digits and _"


class Slip(NamedTuple):
    """A line that is no mark although it looks like one, or a mark that stands in the wrong place."""

    place: int
    """Position in the source, or number of the part."""
    problem: str
    """What is wrong."""
    hint: str = ""
    """What to write."""


def cut(body: str, *, named: bool) -> list[tuple[str, str, int]]:
    """Marks, sources and line offsets of the parts of `body`.

    >>> cut("Sort it.\\n--- persona ---\\nA clerk.\\n", named=True)
    [('', 'Sort it.\\n', 0), ('persona', 'A clerk.\\n', 2)]
    """
    marks = list((_NAMED if named else _MARK).finditer(body))
    if not marks:
        return [("", body, 0)]
    parts = [("", body[: marks[0].start()], 0)] if body[: marks[0].start()].strip() else []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        end = after.start() if after else len(body)
        parts.append((mark[1], body[mark.end() + 1 : end], body[: mark.end()].count("\n") + 1))
    return parts


def nearly_marks(body: str, *, named: bool) -> Slip | None:
    """The first line that is nearly a mark: it would silently become a part of the text above it."""
    for found in _LIKE_A_MARK.finditer(body):
        if named:
            if not _NAMED.fullmatch(found[0]):
                return Slip(found.start(), f"{found[0].strip()!r} starts no named text", _NAMES)
            continue
        near = get_close_matches(found[1].lower(), _ROLES, n=1, cutoff=0.75)
        if near and not _MARK.fullmatch(found[0]):
            return Slip(found.start(), f"{found[0].strip()!r} starts no message", f"did you mean '--- {near[0]} ---'?")
    return None


def misplaced(marks: Sequence[str], mode: Literal["chat", "completion"], *, named: bool) -> Slip | None:
    """The first part whose mark a template of this mode can't have."""
    for place, mark in enumerate(marks):
        if named:
            if (wrong := _wrong_name(mark, marks[:place])) is not None:
                return Slip(place, wrong, _NAMES)
        elif mode == "chat" and mark == "gap":
            return Slip(place, "a gap needs `mode: completion` in the front matter")
        elif mode == "completion" and (mark not in ("", "gap") or place > 1):
            return Slip(place, "a completion has one text and at most one gap, no messages")
        elif mark == TURNS and TURNS in marks[:place]:
            return Slip(place, "the conversation has two places", "write one line '--- turns ---'")
        elif mode == "chat" and len(marks) > 1 and not mark:
            return Slip(place, "text before the first message has no role", _STARTS)
    return None


def _wrong_name(name: str, before: Sequence[str]) -> str | None:
    """Why a named text can't have this name."""
    if name in _ROLES and name != TURNS:
        return f"'--- {name} ---' is for requests to a model, and this step calls none"
    if name in before:
        return f"the text {name!r} is there twice"
    try:
        check_name(name or "text")
    except ValueError as error:
        return str(error)
    return None
