"""Prompts that are to breed together: what travels from a node that draws parents to one that lets them have children.

Who breeds with whom is one decision and what becomes of it another, so that either can be exchanged. A set of prompts can't
carry the first: it holds each prompt once, while a good prompt may breed often, and with itself.
"""

from __future__ import annotations

from promptwire.values.model import Model
from promptwire.values.prompts import Prompt

__all__ = ["Families"]


class Families(Model):
    """Families of prompts, in order; the same prompt or family may come again."""

    items: tuple[tuple[Prompt, ...], ...] = ()
    """The families. Who stands first in one is the one that its child may replace."""

    def __len__(self) -> int:
        return len(self.items)
