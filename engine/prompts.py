"""Prompts and examples, and the frozen base model of all values.

Sets keep their written order and are unique by content: an order that came from hashing would make two runs with the same seed
differ. Lineage is not identity: two prompts with the same text and demonstrations are one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from promptwire.canonical import digest

__all__ = ["Example", "Examples", "Message", "Model", "Prompt", "Prompts"]

_ID_LENGTH = 12


class Model(BaseModel):
    """Base of all that travels or is configured: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Message(Model):
    """One turn of a conversation with a chat model."""

    role: Literal["system", "user", "assistant"]
    """Who speaks."""
    content: str
    """What is said."""


class Example(Model):
    """One input of the task with the outputs that count as right."""

    input: str | dict[str, str]
    """The text shown to the task model, or named fields for a template that joins them."""
    outputs: tuple[str, ...] = Field(min_length=1)
    """Accepted outputs; the first is the main one."""
    meta: dict[str, Any] = {}
    """Whatever else the data file says of it; no algorithm reads it."""

    @cached_property
    def id(self) -> str:
        """Hash of input and outputs, 12 hexadecimal digits."""
        return digest([self.input, self.outputs], _ID_LENGTH)

    @property
    def output(self) -> str:
        """The main accepted output."""
        return self.outputs[0]

    @property
    def text(self) -> str:
        """The input as one text; named fields become `name: value` lines."""
        if isinstance(self.input, str):
            return self.input
        return "\n".join(f"{name}: {value}" for name, value in self.input.items())

    def __str__(self) -> str:
        return self.text


class Examples(Model):
    """An ordered set of examples, unique by content."""

    items: tuple[Example, ...] = ()
    """The examples, in order."""

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Self:
        """The set of `examples`; of equal ones the first stays."""
        return cls(items=tuple({example.id: example for example in examples}.values()))

    def __len__(self) -> int:
        return len(self.items)


class Prompt(Model):
    """A candidate: the text under optimization, its demonstrations, and where it came from."""

    text: str
    """The instruction."""
    demos: tuple[Example, ...] = ()
    """Demonstrations shown with it; part of its identity."""
    parents: tuple[str, ...] = ()
    """Ids of the prompts it was made from."""
    made_by: str = ""
    """Path of the node that wrote it; empty for an initial prompt."""
    round: str = ""
    """Rounds of the loops it was written in, such as `2` or `2.0`; empty outside loops."""

    @cached_property
    def id(self) -> str:
        """Hash of text and demonstrations, 12 hexadecimal digits: lineage is not identity."""
        return digest([self.text, [demo.id for demo in self.demos]], _ID_LENGTH)

    def __str__(self) -> str:
        return self.text


class Prompts(Model):
    """An ordered set of prompts, unique by content."""

    items: tuple[Prompt, ...] = ()
    """The prompts, in order."""

    @classmethod
    def of(cls, prompts: Iterable[Prompt]) -> Self:
        """The set of `prompts`; of equal ones the first stays, with its lineage."""
        unique: dict[str, Prompt] = {}
        for prompt in prompts:
            unique.setdefault(prompt.id, prompt)
        return cls(items=tuple(unique.values()))

    def __len__(self) -> int:
        return len(self.items)
