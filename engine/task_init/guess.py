"""What the user says about a task, what is guessed beside it, and the question that remains when a guess is not safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptwire.errors import UsageError

__all__ = ["Given", "Guess", "Unclear"]

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Given:
    """What the user says. Nothing of it is guessed."""

    inputs: tuple[str, ...] = ()
    """Columns of the input."""
    output: str | None = None
    """Column of the accepted output; empty for data without outputs."""
    prompts: tuple[str, ...] = ()
    """Initial prompts."""
    metric: str | None = None
    """Metric."""
    name: str | None = None
    """Name of the task."""
    header: bool | None = None
    """Whether the first row names the columns."""
    sheet: str | None = None
    """Sheet of a workbook."""
    rows: str | None = None
    """Key of a JSON file that holds the rows."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One thing that was found out, and why."""

    key: str
    """What it is about, such as `output`."""
    value: str
    """What was found, in words."""
    why: str
    """The reason, in one line."""


class Unclear(UsageError):
    """A column can't be guessed: the user has to name it."""

    def __init__(self, asked: str, problem: str, columns: Sequence[str], *, where: str, found: Sequence[str]) -> None:
        self.asked = asked
        """What is to be named: `input` or `output`."""
        self.columns = tuple(columns)
        """Columns that it may be."""
        have = ", ".join(map(repr, found[:_SHOWN])) + (", ..." if len(found) > _SHOWN else "")
        hint = f"columns: {have}; name it with --{asked} NAME"
        if asked == "output":
            hint += ", or give --metric judge for data without outputs"
        super().__init__(problem, where=where, hint=hint)
