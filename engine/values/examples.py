"""Examples: inputs, most with accepted outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

from promptwire.values.hashing import digest
from promptwire.values.message import Message, conversation_text
from promptwire.values.model import _ID_LENGTH, Model, SparseModel
from promptwire.values.named import MarkField, Marks

__all__ = ["Example", "Examples"]


class Example(SparseModel):
    """One input of the task, with the outputs that count as right where these are known."""

    RARE: ClassVar = ("turns", "made_by", "marks")

    input: str | dict[str, str]
    """Text for the task model, or named fields for a template that joins them."""
    outputs: tuple[str, ...] = ()
    """Accepted outputs; the first is the main one. Empty in data that have none."""
    meta: dict[str, Any] = {}
    """Other fields of the data file; no algorithm reads them."""
    turns: tuple[Message, ...] = ()
    """The messages of a conversation, whose text is `input`; part of its identity. Empty for any other input."""
    made_by: str = ""
    """Path of the step that wrote it, or let a model write what it shows; empty for data. Not part of its identity."""
    marks: MarkField = Marks()
    """Numbers by name that a loop carries; 0 where not set. Not part of its identity."""

    @cached_property
    def id(self) -> str:
        """Hash of input and outputs, 12 hexadecimal digits."""
        parts = [self.input, self.outputs]
        return digest([*parts, [[turn.role, turn.content] for turn in self.turns]] if self.turns else parts, _ID_LENGTH)

    @classmethod
    def of_turns(cls, turns: Sequence[Message], outputs: Sequence[str], meta: Mapping[str, Any]) -> Self:
        """The example whose input is a conversation."""
        return cls(input=conversation_text(turns), outputs=tuple(outputs), meta=dict(meta), turns=tuple(turns))

    @property
    def output(self) -> str:
        """The main accepted output; empty when there is none."""
        return self.outputs[0] if self.outputs else ""

    @property
    def text(self) -> str:
        """The input as one text; named fields become `name: value` lines."""
        if isinstance(self.input, str):
            return self.input
        return "\n".join(f"{name}: {value}" for name, value in self.input.items())

    @property
    def blank(self) -> bool:
        """Whether the input is empty, or all its named fields are: it shows the model nothing."""
        texts = (self.input,) if isinstance(self.input, str) else self.input.values()
        return not any(text.strip() for text in texts)

    def __str__(self) -> str:
        return self.text


class Examples(Model):
    """An ordered set of examples, unique by content."""

    items: tuple[Example, ...] = ()
    """The examples, in order."""

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Self:
        """The set of `examples`; of equal examples one stays, in the place of the first and with the `meta` of the last."""
        return cls(items=tuple({example.id: example for example in examples}.values()))

    def __len__(self) -> int:
        return len(self.items)
