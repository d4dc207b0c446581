"""A request in flight: its promised completions, its waiting steps, and whether it can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from promptwire.backend import Backend, Completion, Request
from promptwire.errors import ModelError, PromptwireError
from promptwire.gateway.stage_budget import Reservation
from promptwire.security.secrets import redact

__all__ = ["InFlightRequest", "Unsettled", "collect", "fail", "user_error"]


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
        self.fetched: set[str] = set()
        """Keys whose completions another machine has paid for."""
        self.completions: dict[str, asyncio.Future[Completion]] = {}
        self.reservations: dict[str, Reservation] = {}
        self._unsettled = 0

    def add(self, keys: Sequence[str], reservations: Sequence[Reservation]) -> None:
        """Promise a completion for each of `keys`, with the budget that is reserved for it."""
        loop = asyncio.get_running_loop()
        for key, reservation in zip(keys, reservations, strict=True):
            self.completions[key] = loop.create_future()
            self.reservations[key] = reservation

    def unsettled(self) -> Unsettled:
        """Keep the request from being cancelled, from sending a message until its completions are stored.

        Cancelling in between would lose a completion that is paid for.
        """
        return Unsettled(self)

    def add_unsettled(self, change: int) -> None:
        """Add `change` to the number of its messages that are unsettled."""
        self._unsettled += change

    @property
    def cancellable(self) -> bool:
        """Whether no step waits for it and no message of it is unsettled."""
        return not self.waiters and not self._unsettled

    def open_keys(self) -> list[str]:
        """Keys without a completion or an error so far."""
        return [key for key, completion in self.completions.items() if not completion.done()]


class Unsettled:
    """One message of a request, unsettled from `start` to `end` or to the end of a `with`."""

    __slots__ = ("_of", "_started")

    def __init__(self, of: InFlightRequest) -> None:
        self._of = of
        self._started = False

    def start(self) -> None:
        """The message is sent."""
        self._started = True
        self._of.add_unsettled(1)

    def end(self) -> None:
        """Its completions are stored, or it has failed. Does nothing for a message that was not sent."""
        if self._started:
            self._started = False
            self._of.add_unsettled(-1)

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *error: object) -> None:
        self.end()


def fail(promise: asyncio.Future[Completion], error: BaseException) -> None:
    """Give `error` to the steps that wait. When none does, asyncio must not report it as never retrieved."""
    promise.set_exception(error)
    promise.exception()


async def collect(
    found: Mapping[str, Completion | InFlightRequest | None], *, forget: Callable[[InFlightRequest], None]
) -> tuple[Completion, ...]:
    """Return the completions in order, after waiting for those in flight. `forget` gets a request that is cancelled."""
    awaited = {one for one in found.values() if isinstance(one, InFlightRequest)}
    for in_flight in awaited:
        in_flight.waiters += 1
    try:
        # Shielded: cancelling this step must not cancel what other steps wait for.
        return tuple(
            [
                await asyncio.shield(one.completions[key]) if isinstance(one, InFlightRequest) else one
                for key, one in found.items()
                if one
            ]
        )
    finally:
        for in_flight in awaited:
            in_flight.waiters -= 1
            if in_flight.cancellable and in_flight.task is not None and not in_flight.task.done():
                in_flight.task.cancel()
                forget(in_flight)


def user_error(error: BaseException, in_flight: InFlightRequest) -> PromptwireError:
    """`error` for the user: a PromptwireError with the step and without secrets."""
    known: PromptwireError
    if isinstance(error, PromptwireError):
        known = error
    else:
        known = ModelError(f"{in_flight.backend.name} failed: {type(error).__name__}: {error}")
        known.__cause__ = error
    known.problem, known.hint = redact(known.problem), redact(known.hint)
    known.where = redact(known.where)
    known.within(in_flight.node)
    return known
