"""A request in flight: its promised completions, its waiting steps, and whether it can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from promptwire.backend import Backend, Completion, Request
from promptwire.gateway.stage_budget import Reservation

__all__ = ["InFlightRequest"]


class InFlightRequest:
    """One request for the completions under several cache keys, sent for one step.

    It belongs to the gateway, not to the step: a step that is cancelled does not take it along.
    """

    def __init__(self, backend: Backend, request: Request, node: str) -> None:
        self.backend = backend
        self.request = request
        self.node = node
        self.rounds = 0
        """How often all tries are repeated before the request has failed: the most that any waiting step asked for."""
        self.task: asyncio.Task[None] | None = None
        self.waiters = 0
        """Calls of `Gateway.ask` that wait for one of its completions."""
        self.charged = False
        """Whether a reply was paid for that brought no completion."""
        self.sent = False
        """Whether it was cancelled after it was sent: its completion may be paid for, and is lost."""
        self.completions: dict[str, asyncio.Future[Completion]] = {}
        self.reservations: dict[str, Reservation] = {}
        self._unsettled = 0

    def add(self, keys: Sequence[str], reservations: Sequence[Reservation]) -> None:
        """Promise a completion for each of `keys`, with the budget that is reserved for it."""
        loop = asyncio.get_running_loop()
        for key, reservation in zip(keys, reservations, strict=True):
            self.completions[key] = loop.create_future()
            self.completions[key].add_done_callback(_mark_retrieved)
            self.reservations[key] = reservation

    @contextmanager
    def unsettled(self) -> Iterator[None]:
        """Keep the request from being cancelled, from sending a message until its completions are stored.

        Cancelling in between would lose a completion that is paid for.
        """
        self._unsettled += 1
        try:
            yield
        finally:
            self._unsettled -= 1

    @property
    def cancellable(self) -> bool:
        """Whether no step waits for it and no message of it is unsettled."""
        return not self.waiters and not self._unsettled

    def open_keys(self) -> list[str]:
        """Keys without a completion or an error so far."""
        return [key for key, completion in self.completions.items() if not completion.done()]


def _mark_retrieved(future: asyncio.Future[Completion]) -> None:
    """Retrieve the error of `future`. When no step waits, asyncio would report it as never retrieved."""
    if not future.cancelled():
        future.exception()
