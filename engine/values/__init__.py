"""Values on the ports of a pipeline: prompts, examples, scores, failures, critiques, history.

Values are frozen and convert to JSON and back, so that they can be cached, written to the run folder and compared. Sets
(`Prompts`, `Examples`) keep their written order and are unique by content. An order from hashing would make two runs with the
same seed differ.
"""

from __future__ import annotations

from promptwire.values.critiques import Critique, Critiques, Failure, FailureGroup, Failures
from promptwire.values.examples import Example, Examples
from promptwire.values.families import Families
from promptwire.values.history import Entry, History
from promptwire.values.members import Members
from promptwire.values.message import Message
from promptwire.values.model import Model
from promptwire.values.named import Companions, Marks
from promptwire.values.pairs import Pair
from promptwire.values.prompts import Prompt, Prompts
from promptwire.values.scores import Answer, ExampleAnswers, Row, Scores

__all__ = [
    "Answer",
    "Companions",
    "Critique",
    "Critiques",
    "Entry",
    "Example",
    "ExampleAnswers",
    "Examples",
    "Failure",
    "FailureGroup",
    "Failures",
    "Families",
    "History",
    "Marks",
    "Members",
    "Message",
    "Model",
    "Pair",
    "Prompt",
    "Prompts",
    "Row",
    "Scores",
]
