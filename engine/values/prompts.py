"""Prompts: candidates with demonstrations and lineage.

Lineage is not identity: two prompts with the same text and demonstrations are one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self

from promptwire.values.examples import Example
from promptwire.values.hashing import digest
from promptwire.values.model import _ID_LENGTH, Model

__all__ = ["Prompt", "Prompts"]


class Prompt(Model):
    """A prompt: the text under optimization, its demonstrations and its lineage."""

    text: str
    """The instruction."""
    demos: tuple[Example, ...] = ()
    """Demonstrations shown with it; part of its identity."""
    parents: tuple[str, ...] = ()
    """Ids of the prompts it was made from."""
    made_by: str = ""
    """Path of the step that wrote it; empty for an initial prompt."""
    round: str = ""
    """Rounds of the loops it was written in, such as `2` or `2.0`, counted from 0; empty outside loops."""

    @cached_property
    def id(self) -> str:
        """Hash of text and demonstrations, 12 hexadecimal digits: lineage is not identity."""
        return digest([self.text, [demo.id for demo in self.demos]], _ID_LENGTH)

    def __str__(self) -> str:
        return self.text

    def replaced(self, **changes: Any) -> Self:
        """The prompt with other values of some fields. `model_copy` would keep the id."""
        return type(self)(**{**{name: getattr(self, name) for name in type(self).model_fields}, **changes})


class Prompts(Model):
    """An ordered set of prompts, unique by content."""

    items: tuple[Prompt, ...] = ()
    """The prompts, in order."""

    @classmethod
    def of(cls, prompts: Iterable[Prompt]) -> Self:
        """The set of `prompts`; of equal prompts the first stays, with its lineage."""
        unique: dict[str, Prompt] = {}
        for prompt in prompts:
            unique.setdefault(prompt.id, prompt)
        return cls(items=tuple(unique.values()))

    def __len__(self) -> int:
        return len(self.items)
