"""Failures of prompts and critiques drawn from them."""

from __future__ import annotations

from promptwire.values.examples import Example
from promptwire.values.message import Message
from promptwire.values.model import Model
from promptwire.values.prompts import Prompt

__all__ = ["Critique", "Critiques", "Failure", "FailureGroup", "Failures"]


class Failure(Model):
    """One example that a prompt got wrong."""

    example: Example
    """The example."""
    output: str
    """What the task model replied."""
    answer: str
    """What was read out of the reply."""
    value: float
    """The metric's value."""
    feedback: str = ""
    """What the metric says of the answer in words, where it does."""


class FailureGroup(Model):
    """Failures of one prompt that are shown to a critic together."""

    prompt: Prompt
    """The prompt that failed."""
    cases: tuple[Failure, ...]
    """What it got wrong; may be empty when it got nothing wrong."""


class Failures(Model):
    """Groups of wrongly answered examples, per prompt."""

    groups: tuple[FailureGroup, ...] = ()
    """The groups, prompt by prompt."""

    def __len__(self) -> int:
        return len(self.groups)


class Critique(Model):
    """Why a prompt failed, in words: a textual gradient."""

    text: str
    """The reason."""
    prompt: Prompt
    """The prompt it speaks of."""
    cases: tuple[Failure, ...] = ()
    """The failures it was drawn from."""
    conversation: tuple[Message, ...] = ()
    """The conversation that led to it, so that an edit can continue it."""

    def __str__(self) -> str:
        return self.text


class Critiques(Model):
    """Critiques, in order."""

    items: tuple[Critique, ...] = ()
    """The critiques."""

    def __len__(self) -> int:
        return len(self.items)
