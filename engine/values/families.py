"""Families: prompts that become the parents of one new prompt.

One node selects parents and another makes the new prompt, so that either can be replaced. A set of prompts can't hold the
selection: it has each prompt once, while a good prompt may be a parent several times, and be paired with itself.
"""

from __future__ import annotations

from promptwire.values.model import Model
from promptwire.values.prompts import Prompt

__all__ = ["Families"]


class Families(Model):
    """Families of prompts, in order. A prompt or a family may occur several times."""

    items: tuple[tuple[Prompt, ...], ...] = ()
    """The families. The first prompt of a family is the one that its child may replace."""

    def __len__(self) -> int:
        return len(self.items)
