"""Answers of two prompts to the same input, side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence

from promptwire.values.examples import Example
from promptwire.values.model import Model

__all__ = ["Pair", "named_side"]

_LETTER = re.compile(r"\b[AB]\b")


class Pair(Model):
    """One input with the answers of two prompts, as a judge sees them: sides without names."""

    example: Example
    """The input."""
    a: str
    """The answer on side A."""
    b: str
    """The answer on side B."""


def named_side(answers: Sequence[str]) -> str:
    """The side that a judge's reply names, A or B; empty when it names none, or both.

    >>> named_side(["**B**"]), named_side(["Answer A."]), named_side(["A or B"]), named_side([])
    ('B', 'A', '', '')
    """
    answer = answers[-1].strip() if answers else ""
    alone = answer.strip(" .:*()[]\"'").upper()
    if alone in ("A", "B"):
        return alone
    named = set(_LETTER.findall(answer))
    return named.pop() if len(named) == 1 else ""
