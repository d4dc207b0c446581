"""Failures of prompts and critiques drawn from them."""

from __future__ import annotations

import math
from typing import ClassVar

from promptwire.values.examples import Example
from promptwire.values.message import Message
from promptwire.values.model import Model, SparseModel
from promptwire.values.named import MarkField, Marks
from promptwire.values.prompts import Prompt

__all__ = ["Critique", "Critiques", "Failure", "FailureGroup", "Failures"]


class Failure(Model):
    """One example that a prompt got wrong."""

    example: Example
    """The example."""
    output: str
    """What the task model replied."""
    answer: str
    """The answer read out of the reply."""
    value: float
    """The metric's value."""
    feedback: str = ""
    """The metric's feedback in words; empty when it gives none."""


class FailureGroup(SparseModel):
    """Failures of one prompt that the meta model criticises together."""

    RARE: ClassVar = ("name",)

    prompt: Prompt
    """The prompt that failed."""
    cases: tuple[Failure, ...]
    """The examples that it got wrong; may be empty."""
    name: str = ""
    """What its cases have in common, such as `spam -> ham`; empty for drawn groups."""

    @property
    def mean(self) -> float:
        """Mean value of its cases; 0 without any."""
        return math.fsum(case.value for case in self.cases) / len(self.cases) if self.cases else 0.0


class Failures(Model):
    """Groups of failures, per prompt."""

    groups: tuple[FailureGroup, ...] = ()
    """The groups, prompt by prompt."""

    def __len__(self) -> int:
        return len(self.groups)


class Critique(SparseModel):
    """Why a prompt failed, in words; ProTeGi's textual gradient."""

    RARE: ClassVar = ("marks",)

    text: str
    """The reason."""
    prompt: Prompt
    """The prompt that is criticised."""
    cases: tuple[Failure, ...] = ()
    """The failures it is about."""
    conversation: tuple[Message, ...] = ()
    """The conversation before it, which an edit can continue."""
    marks: MarkField = Marks()
    """Numbers by name that a loop carries, such as a priority; 0 where not set. Not part of its identity."""

    def __str__(self) -> str:
        return self.text


class Critiques(Model):
    """Critiques, in order."""

    items: tuple[Critique, ...] = ()
    """The critiques."""

    def __len__(self) -> int:
        return len(self.items)
