"""Values on the ports of a pipeline: prompts, examples, scores, failures, critiques, history."""

from __future__ import annotations

from promptwire.values.critiques import Critique, Critiques, Failure, FailureGroup, Failures
from promptwire.values.examples import Example, Examples
from promptwire.values.families import Families
from promptwire.values.history import Entry, History
from promptwire.values.message import Message
from promptwire.values.model import Model
from promptwire.values.prompts import Prompt, Prompts
from promptwire.values.scores import Row, Scores

__all__ = [
    "Critique",
    "Critiques",
    "Entry",
    "Example",
    "Examples",
    "Failure",
    "FailureGroup",
    "Failures",
    "Families",
    "History",
    "Message",
    "Model",
    "Prompt",
    "Prompts",
    "Row",
    "Scores",
]
