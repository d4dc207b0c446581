"""A request on its way: which answers it is to bring, who waits for them, and whether it can still be called off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from promptwire.backend import Backend, Completion, Request
from promptwire.gateway.budget import Reservation

__all__ = ["InFlightRequest"]


class InFlightRequest:
    """One request for the answers under `keys`, made for the step `node`. Lives in the gateway, not in the step."""

    def __init__(self, backend: Backend, request: Request, node: str) -> None:
        self.backend = backend
        self.request = request
        self.node = node
        self.rounds = 0
        """How often all tries are made once more, before it has failed: the most that anybody who waits asked for."""
        self.task: asyncio.Task[None] | None = None
        self.waiters = 0
        """Questions that want one of its answers."""
        self.paying = 0
        """Requests sent and not stored yet: while there is one, calling it off would lose an answer that is paid for."""
        self.charged = False
        """Whether a reply was paid for that brought no answer."""
        self.sent = False
        """Whether a request was out when it was given up: its answer may be paid for, and is lost."""
        self.answers: dict[str, asyncio.Future[Completion]] = {}
        self.holds: dict[str, Reservation] = {}

    def load(self, keys: Sequence[str], holds: Sequence[Reservation]) -> None:
        """Take on `keys`, each with the budget that is held for it."""
        loop = asyncio.get_running_loop()
        for key, hold in zip(keys, holds, strict=True):
            self.answers[key] = loop.create_future()
            self.answers[key].add_done_callback(_noticed)
            self.holds[key] = hold

    @property
    def unwanted(self) -> bool:
        """Whether nobody waits any more and nothing is paid for."""
        return not self.waiters and not self.paying

    def open(self) -> list[str]:
        """Keys that have no outcome yet."""
        return [key for key, answer in self.answers.items() if not answer.done()]


def _noticed(future: asyncio.Future[Completion]) -> None:
    """Whoever waited may be gone: asyncio would report the error as never looked at."""
    if not future.cancelled():
        future.exception()
