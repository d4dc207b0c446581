"""One row of the cache as text: an answer, and just enough about its question to list and weed a cache.

The text may come from anyone, so reading it checks every type; what does not fit is no answer.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from promptwire.canonical import canonical
from promptwire.request import Answer

__all__ = ["Kept", "Note", "filtered"]


@dataclass(frozen=True, slots=True)
class Note:
    """What a row says about its question."""

    model: str
    """Identity of the backend that answered."""
    kind: str
    """Kind of request, such as `generate`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored answer."""

    answer: Answer
    """The answer."""
    note: Note
    """What was asked of whom."""
    when: float
    """Unix time when it came."""

    def write(self) -> str:
        """The row's text."""
        return canonical({"answer": self.answer.to_json(), "model": self.note.model, "kind": self.note.kind, "when": self.when})

    @classmethod
    def read(cls, text: str) -> Kept | None:
        """The answer in a row's text; None when it is cut off or malformed."""
        try:
            data = json.loads(text)
            kept = cls(Answer.from_json(data["answer"]), Note(data["model"], data["kind"]), data["when"])
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return None
        return kept if kept._sound() else None

    def _sound(self) -> bool:
        answer = self.answer
        texts = (answer.text, answer.finish, answer.via, self.note.model, self.note.kind)
        return (
            all(type(text) is str for text in texts)
            and type(answer.tokens_in) is int
            and type(answer.tokens_out) is int
            and (answer.usd is None or _finite(answer.usd))
            and all(map(math.isfinite, answer.weights))
            and _finite(self.when)
        )


def filtered(answer: Answer) -> bool:
    """Whether a content filter kept the model from answering: worth keeping, but not worth replaying, for filters change."""
    return answer.finish == "content_filter"


def _finite(number: Any) -> bool:
    return type(number) in (int, float) and math.isfinite(number)
