"""Takes requests to the backends: opens each once, keeps to slots and pace, tries again, and asks for what a reply left out.

An endpoint that ignores `n` gives one answer where eight were asked for. Taking that one for all eight would make eight
candidates out of one, so what is missing is asked for again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from promptwire.backend import Backend, Charge, Completion, charges
from promptwire.errors import LimitReached, ModelError, PromptwireError, TransientError
from promptwire.gateway.budget import Budget
from promptwire.gateway.concurrency import AdaptiveConcurrency
from promptwire.gateway.in_flight import InFlightRequest
from promptwire.gateway.rate_limit import Permit, RateLimiter
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.gateway.usage import Usage
from promptwire.limits import RateLimits
from promptwire.security.secrets import redact, secrets

__all__ = ["Dispatcher", "Store", "tidy"]

_UNSEEN: Final = 3
"""Tries at an address that can't be connected to and never could."""

_GRACE: Final = 30.0
"""Seconds that a request which is out may take beyond a limit in seconds: an answer that is nearly there is paid for."""

_KEY: Final = 16
"""Shortest secret that is taken out of answers."""

Store = Callable[[InFlightRequest, Sequence[str], Sequence[Completion]], Awaitable[None]]
"""Books and keeps the answers that came for some keys of a flight."""


@dataclass(slots=True)
class _BackendState:
    """What is known of one backend that was called."""

    backend: Backend
    slots: AdaptiveConcurrency
    meter: RateLimiter
    opening: asyncio.Future[None] | None = None
    worked: bool = False
    """Whether it has ever answered."""
    paced: bool = False
    """Whether a request ever had to wait for a minute to pass."""


class Dispatcher:
    """Sends flights. One per gateway."""

    def __init__(
        self, *, budget: Budget, tally: Usage, trace: Trace, retry: RetryPolicy, paces: Mapping[str, RateLimits] | None = None
    ) -> None:
        """`paces` are by the backend's identity: whoever asks the same model at the same address shares one."""
        self._budget = budget
        self._tally = tally
        self._trace = trace
        self._retry = retry
        # Only what is as long as a key: a short password may be an ordinary word, and answers must not depend on it.
        self._keys = tuple(secret for secret in secrets() if len(secret) >= _KEY)
        self._paces = paces or {}
        self._meters: dict[str, RateLimiter] = {}
        self._lanes: dict[int, _BackendState] = {}

    async def send(self, flight: InFlightRequest, keys: Sequence[str], store: Store) -> None:
        """Ask for `keys` until each has its answer. Raises ModelError or LimitReached; what came before is stored."""
        rest = list(keys)
        while rest:
            rest = rest[await self._send(flight, rest, store) :]
            if rest and not flight.backend.batches:
                # It has turned out to bring one answer a request: the others go at once, each in a slot of its own.
                jobs = [self.send(flight, [key], store) for key in rest]
                failures = [one for one in await asyncio.gather(*jobs, return_exceptions=True) if one is not None]
                if failures:
                    raise failures[0]
                return

    async def close(self) -> list[PromptwireError]:
        """Close the backends that were opened; what went wrong with that."""
        failures: list[PromptwireError] = []
        for lane in self._lanes.values():
            if lane.opening is not None:
                await asyncio.wait([lane.opening])
            try:
                await lane.backend.close()
            except PromptwireError as error:
                failures.append(error)
        self._lanes.clear()
        return failures

    async def _send(self, flight: InFlightRequest, keys: Sequence[str], store: Store) -> int:
        """One request for `keys`, tried until it works or can't; how many it brought, at least one."""
        lane = self._lanes.get(id(flight.backend)) or self._lane(flight.backend)
        attempt = 0
        while True:
            if not flight.waiters:
                raise TransientError("the call was given up: nobody waits for it any more", where=flight.node)
            attempt += 1
            began = time.monotonic()
            try:
                answers = await self._attempt(flight, lane, keys)
            except TransientError as error:
                await self._pause(flight, error, attempt, worked=lane.worked)
                continue
            lane.worked = True
            seconds = round(time.monotonic() - began, 4)
            try:
                await store(flight, keys[: len(answers)], answers)
            finally:
                flight.paying -= 1
            # After the answers are safe: the record may fail.
            self._trace.event("request", path=flight.node, model=lane.backend.name, answers=len(answers), seconds=seconds)
            return len(answers)

    def _lane(self, backend: Backend) -> _BackendState:
        pace = self._paces.get(backend.identity, RateLimits()) if self._paces else RateLimits()
        meter = self._meters.setdefault(backend.identity, RateLimiter(pace)) if pace.limited else RateLimiter()
        slots = AdaptiveConcurrency(min(backend.parallel, pace.parallel or backend.parallel))
        return self._lanes.setdefault(id(backend), _BackendState(backend, slots, meter))

    async def _attempt(self, flight: InFlightRequest, lane: _BackendState, keys: Sequence[str]) -> Sequence[Completion]:
        """What one request brings. On success the flight stays `paying`, until the answers are stored."""
        async with lane.slots.one():
            await self._ready(lane)
            departure = await self._depart(flight, lane, keys)
            taken = 0
            self._tally.of(flight.node).requests += 1
            flight.paying += 1
            lost: list[Charge] = []
            try:
                with charges() as lost:
                    answers = _within(await self._called(flight, lane, keys), len(keys))
                if not answers:
                    raise TransientError("the reply held no answer", where=lane.backend.name)
                answers = [self._cleaned(answer) for answer in answers]
                # An endpoint that does not say what it took is believed to have taken what was thought.
                taken = sum(answer.tokens_in + answer.tokens_out for answer in answers) or departure.tokens
                taken += sum(cost.tokens_in + cost.tokens_out for cost in lost)
            except BaseException as error:
                flight.paying -= 1
                flight.sent = flight.sent or isinstance(error, asyncio.CancelledError | LimitReached)
                raise
            finally:
                self._charge(flight, lost, flight.holds[keys[0]].role)
                lane.meter.settle(departure, taken)
        return answers

    async def _called(self, flight: InFlightRequest, lane: _BackendState, keys: Sequence[str]) -> Sequence[Completion]:
        """What the backend answers. Raises TransientError after a time-out, LimitReached when the run's time has been up."""
        left = self._budget.left().seconds
        end = math.inf if left is None else left + _GRACE
        patience = self._retry.timeout or math.inf
        try:
            async with asyncio.timeout(None if end == patience == math.inf else min(end, patience)) as clock:
                return await lane.backend.call(flight.request, keys=keys)
        except TimeoutError as error:
            if not clock.expired():
                raise
            if end <= patience:
                raise self._budget.out_of_time() from error
            problem = f"{lane.backend.name} gave no answer within {patience:g} seconds"
            raise TransientError(problem, hint="--timeout sets how long a request may take") from error

    def _charge(self, flight: InFlightRequest, lost: Sequence[Charge], role: str) -> None:
        """Book what was paid for nothing."""
        self._budget.charge(lost, role=role)
        for cost in lost:
            self._tally.of(flight.node).charge(cost)
            facts = {"tokens": cost.tokens_in + cost.tokens_out, "usd": cost.usd}
            self._trace.event("charged", path=flight.node, model=flight.backend.name, **facts)
        flight.charged |= bool(lost)

    def _cleaned(self, answer: Completion) -> Completion:
        """`answer` without keys that the endpoint quotes: before anybody uses it, so that a replay reads what the run read."""
        text, finish = redact(answer.text, self._keys), redact(answer.finish, self._keys)
        return answer if (text, finish) == (answer.text, answer.finish) else replace(answer, text=text, finish=finish)

    async def _depart(self, flight: InFlightRequest, lane: _BackendState, keys: Sequence[str]) -> Permit:
        """Wait until the request may leave. Raises LimitReached when the run's time is up before that."""
        tokens = sum(flight.holds[key].tokens for key in keys)
        if not lane.paced and lane.meter.wait(tokens) > 0:
            lane.paced = True
            self._trace.event("paced", path=flight.node, model=lane.backend.name)
        try:
            async with asyncio.timeout(self._budget.left().seconds):
                return await lane.meter.passing(tokens)
        except TimeoutError as error:
            raise self._budget.out_of_time() from error

    async def _ready(self, lane: _BackendState) -> None:
        if lane.opening is None:
            lane.opening = asyncio.ensure_future(lane.backend.open())
        await asyncio.shield(lane.opening)

    async def _pause(self, flight: InFlightRequest, error: TransientError, attempt: int, *, worked: bool) -> None:
        """Wait before the next try. Raises `error` when there is none."""
        wait = self._retry.delay(error, attempt, flight.rounds)
        left = self._budget.left().seconds
        # An address that nobody ever answered at is more likely mistyped than busy: say so soon.
        dead = not worked and isinstance(error.__cause__, OSError) and attempt >= _UNSEEN
        over = wait is None or dead or (left is not None and wait > left)
        facts = {"path": flight.node, "model": flight.backend.name, "attempt": attempt, "error": error.problem}
        self._trace.event("retry", wait=None if wait is None or over else round(wait, 3), **facts)
        if wait is None or over:
            raise error
        if flight.charged:
            self._budget.check()
        await self._retry.sleep(wait)


def _within(answers: Sequence[Completion], most: int) -> list[Completion]:
    """The first `most` answers, with what the others cost added to the last of them: all were paid for."""
    kept, rest = list(answers[:most]), answers[most:]
    if not rest:
        return kept
    prices = [answer.usd for answer in (kept[-1], *rest)]
    kept[-1] = replace(
        kept[-1],
        tokens_in=kept[-1].tokens_in + sum(answer.tokens_in for answer in rest),
        tokens_out=kept[-1].tokens_out + sum(answer.tokens_out for answer in rest),
        usd=None if None in prices else sum(price or 0.0 for price in prices),
    )
    return kept


def tidy(error: BaseException, flight: InFlightRequest) -> PromptwireError:
    """`error` as the user may see it: one of ours, naming the step, without secrets."""
    known: PromptwireError
    if isinstance(error, PromptwireError):
        known = error
    else:
        known = ModelError(f"{flight.backend.name} failed: {type(error).__name__}: {error}")
        known.__cause__ = error
    known.problem, known.hint = redact(known.problem), redact(known.hint)
    known.where = redact(known.where)
    known.within(flight.node)
    return known
