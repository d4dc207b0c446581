"""Shared helpers of the gateway tests: gateways over one cache, and scripted models."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from promptwire.backend import Completion, Kind, Request, Settings
from promptwire.backends.scripted import Reply
from promptwire.cache.disk import ResponseCache
from promptwire.errors import PromptwireError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits


class Bench:
    """Gateways over one cache; waits are recorded and take no time."""

    def __init__(self, folder: Path) -> None:
        self.cache = ResponseCache(folder)
        self.waits: list[float] = []
        self.retry: dict[str, Any] = {}
        self.made: list[Gateway] = []

    def gateway(self, limits: Limits | None = None, **more: Any) -> Gateway:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        facts: dict[str, Any] = {"cache": self.cache, "budget": Budget(limits), "trace": Trace.null(), **more}
        gateway = Gateway(retry=RetryPolicy(rng=random.Random(1), sleep=sleep, **self.retry), **facts)
        self.made.append(gateway)
        return gateway


def question(text: str = "q", kind: Kind = "generate", temperature: float = 1.0) -> Request:
    return Request(kind, prompt=text, options=("yes", "no"), settings=Settings(temperature=temperature))


def counter() -> Reply:
    """A reply that counts the calls before it."""
    asked = iter(range(10**6))
    return lambda request, key: f"{next(asked)}"


def failing(errors: list[PromptwireError], then: str = "fine") -> Reply:
    def reply(request: Request, key: str) -> str:
        if errors:
            raise errors.pop(0)
        return then

    return reply


def texts(answers: tuple[Completion, ...]) -> list[str]:
    return [answer.text for answer in answers]


class Latch:
    """A sleep that ends when the test opens it."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        await self.event.wait()


async def settle(done: Callable[[], bool] = lambda: False) -> None:
    for _ in range(50):
        if done():
            return
        await asyncio.sleep(0)
