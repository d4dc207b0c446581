"""A model that says what it is told to: for tests, and for rehearsing a pipeline before it costs anything.

In Python it is a function from request and cache key to a reply. From a file it is data (see
`promptwire.backends.scripted_rules`). It answers every kind of request, needs no network, and keeps the requests it got.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

from promptwire.backend import FREE, Completion, Kind, Quote, Request
from promptwire.errors import ModelUnavailable

__all__ = ["Reply", "ScriptedBackend", "request_text"]

Reply = Callable[[Request, str], str | Completion]
"""The reply to a request; the text is the cache key, which differs from sample to sample. May raise a ModelError."""

_LIKELY = 0.9


class ScriptedBackend:
    """A fake model."""

    def __init__(
        self,
        reply: Reply,
        *,
        latency: float | Callable[[Request], float] = 0.0,
        name: str = "scripted",
        identity: str = "",
        parallel: int = 64,
        batches: bool = False,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.identity = identity or name
        self.parallel = parallel
        self.batches = batches
        self.requests: list[Request] = []
        """Every request, in the order of arrival."""
        self.completions = 0
        """Answers given."""
        self.peak = 0
        """Most requests at once."""
        self.opened = 0
        """How often it was opened."""
        self._reply = reply
        self._latency = latency
        self._sleep = sleep
        self._busy = 0
        self._ready = False

    def quote(self) -> Quote:
        """Nothing is charged."""
        return FREE

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """It answers everything."""
        return ""

    async def open(self) -> None:
        """Get ready."""
        self.opened += 1
        self._ready = True

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Answer `request` once per key. Raises what its script says."""
        if not self._ready:
            raise ModelUnavailable(f"{self.name} was asked while it was closed")
        self.requests.append(request)
        self._busy += 1
        self.peak = max(self.peak, self._busy)
        try:
            wait = self._latency(request) if callable(self._latency) else self._latency
            if wait:
                await self._sleep(wait)
            answers = [_answer(request, self._reply(request, key)) for key in keys]
        finally:
            self._busy -= 1
        self.completions += len(answers)
        return answers

    async def close(self) -> None:
        """Take no more requests."""
        self._ready = False


def request_text(request: Request) -> str:
    """All of `request` as one text: its messages, or what stands before and after the gap."""
    if request.messages:
        return "\n\n".join(message.content for message in request.messages)
    return request.prompt + request.suffix


def _answer(request: Request, reply: str | Completion) -> Completion:
    """`reply` as an answer of the kind that was asked for. A text chooses the label, or is the answer that is likely."""
    if isinstance(reply, Completion):
        return reply
    read, written = len(request_text(request)) // 4, max(1, len(reply) // 4)
    if request.kind == "choose":
        weights = _choice(reply, request.options)
        return Completion(weights=weights, tokens_in=read, tokens_out=1, usd=0.0)
    if request.kind == "logprob":
        likely = _LIKELY if reply.strip() == request.options[0].strip() else 1 - _LIKELY
        return Completion(weights=(math.log(likely),), tokens_in=read, tokens_out=1, usd=0.0)
    return Completion(text=reply, tokens_in=read, tokens_out=written, usd=0.0)


def _choice(reply: str, labels: Sequence[str]) -> tuple[float, ...]:
    """Nearly all the weight on the label that `reply` names; all equal when it names none."""
    named = [label.strip() == reply.strip() for label in labels]
    if not any(named) or len(labels) == 1:
        return (-math.log(len(labels)),) * len(labels)
    rest = (1 - _LIKELY) / (len(labels) - 1)
    return tuple(math.log(_LIKELY if one else rest) for one in named)
