"""One cache row as JSON: response, backend identity, request kind, time. Used to list and prune.

The text is untrusted input, so reading it checks every type. A text that does not fit is not a record.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from promptwire.backend import Completion
from promptwire.security.untrusted_numbers import in_range, log_probability, price, token_count, unix_time
from promptwire.values.hashing import canonical

__all__ = ["LARGEST", "LONGEST_ROW", "CacheRecord", "RequestMeta", "filtered", "fits", "read_completion", "read_numbers"]

LARGEST: Final = 16_777_216
"""Longest line of an export or a bundle, in bytes."""
LONGEST_ROW: Final = LARGEST - 4096
"""Longest text of a row, in bytes: a row has to fit into a line of an export, with its key."""
_MARGIN: Final = 4096
"""Bytes of a row that `fits` leaves for the fields beside the completion."""
_MOST_DIGITS: Final = 300
_TOO_LARGE: Final = 10**309
"""Stands for every number that no float can hold."""


@dataclass(frozen=True, slots=True)
class RequestMeta:
    """What a row says about the request."""

    model: str
    """Identity of the backend."""
    kind: str
    """Kind of request, such as `generate`."""


@dataclass(frozen=True, slots=True)
class CacheRecord:
    """A stored completion."""

    completion: Completion
    """The completion."""
    meta: RequestMeta
    """Backend and kind of the request."""
    when: float
    """Unix time when it arrived; 0 when it is not known."""
    unknown: int = field(default=0, compare=False)
    """How many numbers of the row were out of range and are read as unknown."""

    def write(self) -> str:
        """The row's JSON text."""
        answer, meta = self.completion.to_json(), self.meta
        return canonical({"answer": answer, "model": meta.model, "kind": meta.kind, "when": self.when})

    @classmethod
    def read(cls, text: str) -> CacheRecord | None:
        """The record in a row's text; None when it is malformed or too long."""
        if len(text) > LONGEST_ROW:
            return None
        try:
            data = _PLAIN.decode(text)
            if (completion := _plainly(data)) is not None:
                return cls(completion, RequestMeta(data["model"], data["kind"]), data["when"])
        except (ValueError, TypeError, KeyError, RecursionError):
            pass
        try:
            data = read_numbers(text)
            record = cls(Completion.from_json(data["answer"]), RequestMeta(data["model"], data["kind"]), data["when"])
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return None
        return record._in_range() if record._has_valid_types() else None

    def _has_valid_types(self) -> bool:
        completion = self.completion
        texts = (completion.text, completion.finish, completion.via, self.meta.model, self.meta.kind)
        return (
            all(type(text) is str for text in texts)
            and type(completion.tokens_in) is int
            and type(completion.tokens_out) is int
            and (completion.usd is None or _number(completion.usd))
            and all(log_probability(weight) is not None for weight in completion.weights)
            and _number(self.when)
        )

    def _in_range(self) -> CacheRecord:
        """This record with numbers out of range as unknown. Its completion was paid for and stays usable."""
        completion = self.completion
        tokens_in, tokens_out = token_count(completion.tokens_in), token_count(completion.tokens_out)
        usd, when = price(completion.usd), unix_time(self.when)
        changed = [
            (completion.tokens_in, tokens_in),
            (completion.tokens_out, tokens_out),
            (completion.usd, usd),
            (self.when, when),
        ]
        unknown = sum(before != after for before, after in changed)
        if not unknown:
            return self
        known = replace(completion, tokens_in=tokens_in, tokens_out=tokens_out, usd=usd)
        return CacheRecord(known, self.meta, when, unknown)


def read_completion(text: str) -> Completion | None:
    """The completion in a row's text, as `CacheRecord.read` finds it; None when it is malformed or too long.

    A row that promptwire wrote is read with the plain parser, in a fifth of the time.
    """
    try:
        completion = _plainly(_PLAIN.decode(text)) if len(text) <= LONGEST_ROW else None
    except (ValueError, TypeError, KeyError, RecursionError):
        completion = None
    if completion is not None:
        return completion
    record = CacheRecord.read(text)
    return None if record is None else record.completion


def _plainly(data: Any) -> Completion | None:
    """The completion of a row whose types and numbers are all in order; None when that is not certain."""
    answer = data["answer"]
    text, finish, weights, via = answer["text"], answer["finish"], answer["weights"], answer["via"]
    tokens_in, tokens_out, usd = answer["tokens_in"], answer["tokens_out"], answer["usd"]
    if not (
        len(answer) == _FIELDS
        and type(text) is type(finish) is type(via) is type(data["model"]) is type(data["kind"]) is str
        and type(tokens_in) is type(tokens_out) is int
        and type(weights) is list
        and in_range(tokens_in, tokens_out, usd, data["when"])
        and all(log_probability(weight) is not None for weight in weights)
    ):
        return None
    return Completion(text, finish, tuple(map(float, weights)), tokens_in, tokens_out, usd, via)


def read_numbers(text: str) -> Any:
    """The JSON value of `text`. A number that is too large for a float is `_TOO_LARGE`: out of range, but not malformed.

    Raises ValueError or RecursionError when it is not JSON.
    """
    return json.loads(text, parse_int=_integer, parse_float=_decimal, parse_constant=_refuse)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else _TOO_LARGE


def _decimal(digits: str) -> float | int:
    number = float(digits)
    return number if math.isfinite(number) else _TOO_LARGE


def _refuse(word: str) -> Any:
    raise ValueError(f"no JSON number: {word}")


_PLAIN: Final = json.JSONDecoder(parse_constant=_refuse)
_FIELDS: Final = len(fields(Completion))


def fits(completion: Completion) -> bool:
    """Whether a row can hold `completion`."""
    if (
        6 * len(completion.text) + 32 * len(completion.weights) < LONGEST_ROW - _MARGIN
    ):  # a character is at most 6 bytes as ASCII
        return True
    return len(canonical(completion.to_json())) <= LONGEST_ROW - _MARGIN


def filtered(completion: Completion) -> bool:
    """Whether a content filter blocked the reply. It is stored but not reused in a later run, since filters change."""
    return completion.finish == "content_filter"


def _number(value: Any) -> bool:
    """Whether `value` is a finite JSON number."""
    return type(value) is int or (type(value) is float and math.isfinite(value))
