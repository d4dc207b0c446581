"""Prompts: candidates with demonstrations, companion texts and lineage.

Lineage and marks are not identity: two prompts with the same text, demonstrations and companions are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from promptwire.values.examples import Example
from promptwire.values.hashing import digest
from promptwire.values.model import _ID_LENGTH, Model, SparseModel
from promptwire.values.named import CompanionField, Companions, MarkField, Marks

__all__ = ["Prompt", "Prompts"]


class Prompt(SparseModel):
    """A prompt: the text under optimization, its demonstrations and its lineage."""

    RARE: ClassVar = ("companions", "marks")

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
    companions: CompanionField = Companions()
    """Further texts by name, such as the mutation prompt that belongs to it; part of its identity."""
    marks: MarkField = Marks()
    """Numbers by name that a loop carries, such as visits; 0 where not set. Not part of its identity."""

    @cached_property
    def id(self) -> str:
        """Hash of text, demonstrations and companions, 12 hexadecimal digits: lineage and marks are not identity."""
        parts = [self.text, [demo.id for demo in self.demos]]
        return digest([*parts, self.companions] if self.companions else parts, _ID_LENGTH)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def child(
        cls,
        text: str,
        *parents: Prompt,
        made_by: str,
        round: str,
        demos: Sequence[Example] | None = None,
        companions: Mapping[str, str] | None = None,
    ) -> Self:
        """A prompt made from `parents`. Without `demos` or `companions` it has those of its first parent."""
        first = parents[0] if parents else cls(text="")
        return cls(
            text=text,
            demos=first.demos if demos is None else tuple(demos),
            parents=tuple(parent.id for parent in parents),
            made_by=made_by,
            round=round,
            companions=first.companions if companions is None else Companions(companions),
        )

    def replaced(self, **changes: Any) -> Self:
        """The prompt with other values of some fields. `model_copy` would keep the id."""
        return type(self)(**{**{name: getattr(self, name) for name in type(self).model_fields}, **changes})


class Prompts(Model):
    """An ordered set of prompts, unique by content."""

    items: tuple[Prompt, ...] = ()
    """The prompts, in order."""

    @classmethod
    def of(cls, prompts: Iterable[Prompt], *, equal: Literal["merge", "keep"] = "merge") -> Self:
        """The set of `prompts`.

        Of equal prompts, `merge` keeps the first, with its lineage. `keep` keeps each: the second gets the companion `member`
        with the number 2, and so on.
        """
        unique: dict[str, Prompt] = {}
        for prompt in prompts:
            one, number = prompt, 1
            while equal == "keep" and one.id in unique:
                number += 1
                one = prompt.replaced(companions=Companions({**prompt.companions, "member": str(number)}))
            unique.setdefault(one.id, one)
        return cls(items=tuple(unique.values()))

    def __len__(self) -> int:
        return len(self.items)
