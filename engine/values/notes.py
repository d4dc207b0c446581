"""Notes of a report: facts that its reader should know, each with a severity.

A note is stored as one text. A warning begins with `warning: ` there, so that a person reads its severity in `--json` too.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

__all__ = ["Note", "read_note", "warning"]

_WARNING: Final = "warning: "


class Note(NamedTuple):
    """One note, as it is shown."""

    severity: Literal["info", "warning"]
    """How much it matters: a warning can change what a reader concludes from the scores."""
    text: str
    """What it says, without the severity."""


def warning(text: str) -> str:
    """A warning in its stored form."""
    return _WARNING + text


def read_note(stored: str) -> Note:
    """The note that was stored as `stored`."""
    text = stored.removeprefix(_WARNING)
    return Note("info" if text == stored else "warning", text)
