"""A task file before it is written: its text, what was guessed, and what was found when it was loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptwire.task_init.checks import Checked
from promptwire.task_init.guess import Guess

__all__ = ["Draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A task file that loads, and what was found on the way."""

    file: Path
    """Where it belongs."""
    text: str
    """Its text."""
    keys: Mapping[str, Any]
    """Its keys."""
    guesses: tuple[Guess, ...]
    """What was guessed, and why."""
    checked: Checked
    """What was found when it was loaded."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """More files for the same folder, by name: the data of an import."""
    notes: tuple[str, ...] = ()
    """What an import left out or changed."""
    flags: tuple[str, ...] = ()
    """What to give to a run of it, where the source says so."""
