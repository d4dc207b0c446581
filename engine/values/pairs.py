"""Answers of two prompts to the same input, side by side."""

from __future__ import annotations

from promptwire.values.examples import Example
from promptwire.values.model import Model

__all__ = ["Pair"]


class Pair(Model):
    """One input with the answers of two prompts, as a judge sees them: sides without names."""

    example: Example
    """The input."""
    a: str
    """The answer on side A."""
    b: str
    """The answer on side B."""
