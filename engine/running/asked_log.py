"""Log of requests, for `promptwire asked`: each with its replies as they came, and how each was read.

Requests that write prompts or critiques are few and all logged. Requests that score are many. The first two of each prompt are
logged, and those that could not be read, so that the log stays small beside the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple

from promptwire.backend import Backend, Completion, Request
from promptwire.gateway.trace import Trace
from promptwire.values import Critique, Model, Row

__all__ = ["AskedLog", "Exchange", "critiques_in"]

_OF_A_PROMPT: Final = 2
"""Scored requests of each prompt that are logged."""
_UNREADABLE: Final = 20
"""Most unreadable replies that are logged beyond these, in one run of a step."""


class _Reply(NamedTuple):
    """One reply and how it was read."""

    sample: int
    completion: Completion
    answers: tuple[str, ...]
    readable: bool
    value: float | None


@dataclass(slots=True)
class Exchange:
    """One request with the replies that have come so far."""

    request: Request
    backend: Backend
    role: str
    """Role of the model."""
    stream: str
    """Stream of its cache keys."""
    facts: Mapping[str, Any]
    """What else is logged, such as the template's name."""
    replies: list[_Reply] = field(default_factory=list)
    """The replies."""
    error: str = ""
    """Error of the request; empty when it has none."""
    order: int = 0
    """Position among the requests of this run of the step, in the order in which the step made them."""

    def add(
        self, sample: int, completion: Completion, answers: Iterable[str], *, readable: bool, value: float | None = None
    ) -> None:
        """Add a reply and the `answers` that were read out of it; `value` is its grade."""
        self.replies.append(_Reply(sample, completion, tuple(answers), readable, value))

    def logged(self) -> list[dict[str, Any]]:
        """The replies as they are logged, each with its cache key."""
        found = []
        for sample, completion, answers, readable, value in self.replies:
            key = self.request.key(self.backend.identity, sample=sample, stream=self.stream)
            reply = {"key": key, "sample": sample, "text": completion.text, "finish": completion.finish}
            weights = {"weights": completion.weights} if completion.weights else {}
            found.append({**reply, **weights, "answers": answers, "readable": readable, "value": value})
        return found


@dataclass(slots=True)
class AskedLog:
    """Log of one run of a step."""

    trace: Trace
    path: str
    """Path of the step."""
    round: str = ""
    """Rounds of the loops around it."""
    element: str = ""
    """Position of the element of the `each` around it."""
    _scored: Counter[str] = field(default_factory=Counter)
    _unreadable: int = 0
    _orders: Iterator[int] = field(default_factory=count)

    def next_order(self) -> int:
        """Position of the next request. Asked before the request is sent, so that it does not depend on the replies."""
        return next(self._orders)

    def write(self, exchange: Exchange) -> None:
        """Write one request with its replies. One that was never sent, as a limit or a stop forbade it, is not written."""
        request = exchange.request
        if not exchange.replies and not exchange.error:
            return
        texts = {
            "messages": [[message.role, message.content] for message in request.messages],
            "prompt": request.prompt,
            "suffix": request.suffix,
            "options": list(request.options),
        }
        self.trace.asked(
            path=self.path,
            round=self.round,
            element=self.element,
            order=exchange.order,
            role=exchange.role,
            model=exchange.backend.name,
            **exchange.facts,
            **{name: text for name, text in texts.items() if text},
            settings=request.settings.model_dump(mode="json", exclude_defaults=True),
            replies=exchange.logged(),
            error=exchange.error,
        )

    def write_scored(
        self,
        exchange: Exchange,
        pair: tuple[str, str],
        completions: Sequence[Completion],
        rows: Sequence[Row | None],
        *,
        kept: bool,
    ) -> None:
        """Write one request that scores the prompt and the example with the ids `pair`, if it is `kept` or unreadable.

        It has one row for each of its `completions`; None stands for a reply without a grade.
        """
        if not kept and (all(row is not None and row.readable for row in rows) or not self.keeps_unreadable()):
            return
        exchange.facts = {**exchange.facts, "pair": pair}
        for sample, (completion, row) in enumerate(zip(completions, rows, strict=True)):
            answers = [row.answer] if row is not None and row.readable else []
            value = row.value if row is not None and row.valued else None
            exchange.add(sample, completion, answers, readable=bool(answers), value=value)
        self.write(exchange)

    def keeps(self, prompt: str) -> bool:
        """Whether the next scored request of the prompt with this id is logged, readable or not. Asked before the request."""
        self._scored[prompt] += 1
        return self._scored[prompt] <= _OF_A_PROMPT

    def keeps_unreadable(self) -> bool:
        """Whether one more unreadable reply is logged."""
        self._unreadable += 1
        return self._unreadable <= _UNREADABLE


def critiques_in(slots: Model) -> tuple[str, ...]:
    """Texts of the critiques that the variables of a template hold."""
    return tuple(dict.fromkeys(_critiques([getattr(slots, name) for name in type(slots).model_fields])))


def _critiques(value: Any) -> Iterator[str]:
    if isinstance(value, Critique):
        yield value.text
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _critiques(one)
