"""Scripted backend: replies by a function, for tests and for trying a pipeline free of charge.

In Python the script is a function from request and cache key to a reply. In a file it is a list of rules (see
`promptwire.backends.scripted_rules`). The backend supports all kinds of request, needs no network, and records its requests.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

from promptwire.backend import FREE, Completion, Kind, Quote, Request
from promptwire.errors import ModelUnavailable

__all__ = ["Reply", "ScriptedBackend", "request_text"]

Reply = Callable[[Request, str], str | Completion]
"""Function from a request and its cache key, which differs by sample, to the reply. May raise a ModelError."""

_LIKELY = 0.9


class ScriptedBackend:
    """Backend whose replies come from a function."""

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
        """Requests in order of arrival."""
        self.completions = 0
        """Number of completions returned."""
        self.peak = 0
        """Most requests in flight at once."""
        self.opened = 0
        """Number of times it was opened."""
        self._reply = reply
        self._latency = latency
        self._sleep = sleep
        self._busy = 0
        self._ready = False

    def quote(self) -> Quote:
        """Free."""
        return FREE

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """All kinds are supported."""
        return ""

    async def open(self) -> None:
        """Accept requests."""
        self.opened += 1
        self._ready = True

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Return one completion per key. Raises the errors of the script."""
        if not self._ready:
            raise ModelUnavailable(f"{self.name} got a request while it was closed")
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
        """Accept no more requests."""
        self._ready = False


def request_text(request: Request) -> str:
    """All of `request` as one text: its messages, or prompt and suffix."""
    if request.messages:
        return "\n\n".join(message.content for message in request.messages)
    return request.prompt + request.suffix


def _answer(request: Request, reply: str | Completion) -> Completion:
    """Completion from `reply` for the kind of `request`. A text names the label to choose, or the likely answer."""
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
    """Weights of the labels: 0.9 on the label that `reply` names; all equal when it names none."""
    named = [label.strip() == reply.strip() for label in labels]
    if not any(named) or len(labels) == 1:
        return (-math.log(len(labels)),) * len(labels)
    rest = (1 - _LIKELY) / (len(labels) - 1)
    return tuple(math.log(_LIKELY if one else rest) for one in named)
