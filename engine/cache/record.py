"""One row of the cache as text: an answer, and just enough about its question to list and weed a cache.

The text may come from anyone, so reading it checks every type; what does not fit is no answer.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import Any, Final

from promptwire.backend import Completion
from promptwire.security.untrusted_numbers import finite, moment, price, token_count
from promptwire.values.hashing import canonical

__all__ = ["LARGEST", "LONGEST_ROW", "CacheRecord", "RequestMeta", "filtered", "fits"]

LARGEST: Final = 16_777_216
"""Longest line of an export or a bundle, in bytes."""
LONGEST_ROW: Final = LARGEST - 4096
"""Longest text of a row, in bytes: what the cache keeps has to fit into a line of an export, with its key."""
_MARGIN: Final = 4096
"""Bytes of a row that `fits` leaves for what is not the answer."""


@dataclass(frozen=True, slots=True)
class RequestMeta:
    """What a row says about its question."""

    model: str
    """Identity of the backend that answered."""
    kind: str
    """Kind of request, such as `generate`."""


@dataclass(frozen=True, slots=True)
class CacheRecord:
    """A stored answer."""

    answer: Completion
    """The answer."""
    note: RequestMeta
    """What was asked of whom."""
    when: float
    """Unix time when it came; 0 when it is not known."""
    unknown: int = field(default=0, compare=False)
    """Numbers of the row that were out of range and are read as unknown."""

    def write(self) -> str:
        """The row's text."""
        return canonical({"answer": self.answer.to_json(), "model": self.note.model, "kind": self.note.kind, "when": self.when})

    @classmethod
    def read(cls, text: str) -> CacheRecord | None:
        """The answer in a row's text; None when it is cut off, malformed or longer than the limit."""
        if len(text) > LONGEST_ROW:
            return None
        try:
            data = json.loads(text)
            kept = cls(Completion.from_json(data["answer"]), RequestMeta(data["model"], data["kind"]), data["when"])
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return None
        return kept._ranged() if kept._sound() else None

    def _sound(self) -> bool:
        answer = self.answer
        texts = (answer.text, answer.finish, answer.via, self.note.model, self.note.kind)
        return (
            all(type(text) is str for text in texts)
            and type(answer.tokens_in) is int
            and type(answer.tokens_out) is int
            and (answer.usd is None or _number(answer.usd))
            and all(finite(weight) is not None for weight in answer.weights)
            and _number(self.when)
        )

    def _ranged(self) -> CacheRecord:
        """This row with the numbers that are out of range as unknown: the answer itself was paid for and is still good."""
        answer = self.answer
        tokens_in, tokens_out = token_count(answer.tokens_in), token_count(answer.tokens_out)
        usd, when = price(answer.usd), moment(self.when)
        changed = [(answer.tokens_in, tokens_in), (answer.tokens_out, tokens_out), (answer.usd, usd), (self.when, when)]
        unknown = sum(before != after for before, after in changed)
        if not unknown:
            return self
        known = replace(answer, tokens_in=tokens_in, tokens_out=tokens_out, usd=usd)
        return CacheRecord(known, self.note, when, unknown)


def fits(answer: Completion) -> bool:
    """Whether a row can hold `answer`."""
    if 6 * len(answer.text) + 32 * len(answer.weights) < LONGEST_ROW - _MARGIN:  # a character is at most 6 bytes as ASCII
        return True
    return len(canonical(answer.to_json())) <= LONGEST_ROW - _MARGIN


def filtered(answer: Completion) -> bool:
    """Whether a content filter kept the model from answering: worth keeping, but not worth replaying, for filters change."""
    return answer.finish == "content_filter"


def _number(value: Any) -> bool:
    """Whether `value` is a number as JSON has them."""
    return type(value) is int or (type(value) is float and math.isfinite(value))
