"""Sends requests to backends.

Opens each backend once; applies concurrency limit, rate limit and retries; requests missing samples again. An endpoint that
ignores `n` returns one completion where eight were requested. Using that one for all eight samples would make eight equal
candidates.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from promptwire.backend import Backend, Charge, Completion, charges
from promptwire.errors import LimitReached, PromptwireError, TransientError
from promptwire.gateway.activity import Activity
from promptwire.gateway.budget import Budget
from promptwire.gateway.concurrency import AdaptiveConcurrency
from promptwire.gateway.endpoint_state import EndpointState
from promptwire.gateway.in_flight import InFlightRequest, Unsettled
from promptwire.gateway.quota_pause import QuotaPause
from promptwire.gateway.rate_limit import RateLimiter
from promptwire.gateway.reply_cost import at_most, finishes, spent
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.stage_budget import Reservation
from promptwire.gateway.trace import Trace
from promptwire.gateway.turns import Turns
from promptwire.gateway.usage import Usage
from promptwire.limits import RateLimits
from promptwire.security.secrets import redact, secrets

__all__ = ["Dispatcher", "Store"]

_UNSEEN: Final = 3
"""Tries at an address that has never accepted a connection."""

_GRACE: Final = 30.0
"""Seconds that a request in flight may take beyond a limit in seconds, since its completion may already be paid for."""

_KEY: Final = 16
"""Length of the shortest secret that is removed from completions."""

Store = Callable[[InFlightRequest, Sequence[str], Sequence[Completion]], Awaitable[None]]
"""Counts and stores the completions of some keys of a request."""


class Dispatcher:
    """Sends requests to backends. One per gateway."""

    def __init__(
        self,
        *,
        budget: Budget,
        usage: Usage,
        trace: Trace,
        retry: RetryPolicy,
        rate_limits: Mapping[str, RateLimits] | None = None,
    ) -> None:
        """Take `rate_limits` by backend identity. Two backends for the same model and address share a limit."""
        self._budget = budget
        self._usage = usage
        self._trace = trace
        self._retry = retry
        # Only what is as long as a key: a short password may be an ordinary word, and completions must not depend on it.
        self._secrets = tuple(secret for secret in secrets() if len(secret) >= _KEY)
        self._rate_limits = rate_limits or {}
        self._rate_limiters: dict[str, RateLimiter] = {}
        self._states: dict[int, EndpointState] = {}
        self._turns = Turns(budget, trace)

    async def send(self, in_flight: InFlightRequest, keys: Sequence[str], store: Store) -> None:
        """Send requests until each of `keys` has its completion.

        Raises ModelError or LimitReached; completions that came before that are stored.
        """
        rest = list(keys)
        if self._budget.shared is not None:
            await self._turns.admit(in_flight, rest)
        while rest:
            rest = rest[await self._send(in_flight, rest, store) :]
            if rest and not in_flight.backend.batches:
                # The backend returns one completion a request: send the others at once, each in a slot of its own.
                jobs = [self.send(in_flight, [key], store) for key in rest]
                failures = [one for one in await asyncio.gather(*jobs, return_exceptions=True) if one is not None]
                if failures:
                    raise failures[0]
                return

    async def close(self) -> list[PromptwireError]:
        """Close the backends that were opened. Returns the errors of those that failed to close."""
        failures: list[PromptwireError] = []
        for state in self._states.values():
            state.quota.cancel()
            if state.opening is not None:
                await asyncio.wait([state.opening])
            try:
                await state.backend.close()
            except PromptwireError as error:
                failures.append(error)
        self._states.clear()
        return failures

    def at_once(self, backend: Backend) -> int:
        """Return the most requests that `backend` may have in flight."""
        return int((self._states.get(id(backend)) or self._state(backend)).concurrency.ceiling)

    async def _send(self, in_flight: InFlightRequest, keys: Sequence[str], store: Store) -> int:
        """Send one request for `keys`, with retries. Returns how many completions came, at least one."""
        state = self._states.get(id(in_flight.backend)) or self._state(in_flight.backend)
        attempt, alone = 0, -1
        while True:
            if not in_flight.waiters:
                raise TransientError("request cancelled: no step is waiting for it", where=in_flight.node)
            attempt += 1
            began = time.monotonic()
            unsettled = in_flight.unsettled()
            try:
                completions = await self._attempt(in_flight, state, keys, unsettled)
            except TransientError as error:
                failure, mark = error, state.concurrency.successes
                if error.alone:
                    # One that is refused again and again, each time just before another gets through, is at fault itself.
                    attempt -= not state.quota.at_fault(in_flight, alone)
                    alone = mark
            else:
                state.worked = True
                seconds = round(time.monotonic() - began, 4)
                await store(in_flight, keys[: len(completions)], completions)
                break
            finally:
                unsettled.end()
            await self._pause(in_flight, state, failure, attempt)
            attempt -= failure.throttled and not failure.alone and state.quota.covers(mark)
        # After the completions are stored: writing the trace may fail.
        facts = {"model": state.backend.name, "answers": len(completions), "seconds": seconds, "key": keys[0]}
        self._trace.event("request", path=in_flight.node, **facts, **spent(completions), **finishes(completions))
        return len(completions)

    def _state(self, backend: Backend) -> EndpointState:
        limits = self._rate_limits.get(backend.identity, RateLimits()) if self._rate_limits else RateLimits()
        limiter = self._rate_limiters.setdefault(backend.identity, RateLimiter(limits)) if limits.limited else RateLimiter()
        concurrency = AdaptiveConcurrency(min(backend.parallel, limits.parallel or backend.parallel))
        activity, quota = Activity(backend.name, concurrency), QuotaPause(concurrency, self._retry)
        self._usage.models.append(activity)
        return self._states.setdefault(id(backend), EndpointState(backend, concurrency, limiter, activity, quota))

    async def _attempt(
        self, in_flight: InFlightRequest, state: EndpointState, keys: Sequence[str], unsettled: Unsettled
    ) -> Sequence[Completion]:
        """Send one request once. From sending on, it is `unsettled` until the caller ends that."""
        async with state.concurrency.one():
            if not state.open:
                await self._open(state)
            permit = await self._turns.wait(in_flight, state, keys)
            tokens = 0
            self._usage.of(in_flight.node).requests += 1
            state.activity.in_flight += 1
            unsettled.start()
            lost: list[Charge] = []
            try:
                with charges() as lost:
                    completions = at_most(await self._call(in_flight, state, keys), len(keys))
                if not completions:
                    raise TransientError("the reply held no answer", where=state.backend.name)
                if self._secrets:
                    completions = [self._redacted(completion) for completion in completions]
                # For an endpoint that does not report its tokens, the estimate counts.
                tokens = sum(completion.tokens_in + completion.tokens_out for completion in completions) or permit.tokens
                tokens += sum(cost.tokens_in + cost.tokens_out for cost in lost)
            except BaseException as error:
                in_flight.sent = in_flight.sent or isinstance(error, asyncio.CancelledError | LimitReached)
                raise
            finally:
                state.activity.in_flight -= 1
                if lost:
                    self._charge(in_flight, lost, in_flight.reservations[keys[0]])
                self._turns.settle(state, permit, tokens)
        return completions

    async def _call(self, in_flight: InFlightRequest, state: EndpointState, keys: Sequence[str]) -> Sequence[Completion]:
        """Call the backend. Raises TransientError after the timeout, LimitReached when the run's time is used up."""
        left = self._budget.seconds_left()
        end = math.inf if left is None else left + _GRACE
        timeout = self._retry.timeout or math.inf
        if end == timeout == math.inf:
            return await state.backend.call(in_flight.request, keys=keys)
        try:
            async with asyncio.timeout(min(end, timeout)) as clock:
                return await state.backend.call(in_flight.request, keys=keys)
        except TimeoutError as error:
            if not clock.expired():
                raise
            if end <= timeout:
                raise self._budget.out_of_time() from error
            problem = f"{state.backend.name} gave no answer within {timeout:g} seconds"
            raise TransientError(problem, hint="set --timeout to a longer time") from error

    def _charge(self, in_flight: InFlightRequest, lost: Sequence[Charge], reservation: Reservation) -> None:
        """Count the cost of replies that brought no completion."""
        self._budget.charge(lost, reservation)
        for cost in lost:
            self._usage.of(in_flight.node).charge(cost)
            facts = {"tokens": cost.tokens_in + cost.tokens_out, "usd": cost.usd}
            self._trace.event("charged", path=in_flight.node, model=in_flight.backend.name, **facts)
        in_flight.charged |= bool(lost)

    def _redacted(self, completion: Completion) -> Completion:
        """`completion` without API keys that the endpoint quotes.

        Done before any use of the text, so that a replay reads what the run read.
        """
        text, finish = redact(completion.text, self._secrets), redact(completion.finish, self._secrets)
        unchanged = (text, finish) == (completion.text, completion.finish)
        return completion if unchanged else replace(completion, text=text, finish=finish)

    async def _open(self, state: EndpointState) -> None:
        if state.opening is None:
            state.opening = asyncio.ensure_future(state.backend.open())
            state.activity.opening = True
            state.opening.add_done_callback(lambda done: setattr(state.activity, "opening", False))
        await asyncio.shield(state.opening)
        state.open = True

    async def _pause(self, in_flight: InFlightRequest, state: EndpointState, error: TransientError, attempt: int) -> None:
        """Wait before the next try. Raises `error` when there is no next try."""
        wait = self._retry.delay(error, attempt, in_flight.rounds)
        pause = state.quota.begin(error, in_flight) if error.alone else None
        left = self._budget.seconds_left()
        # An address that has never answered is more likely mistyped than busy: fail after a few tries.
        dead = not state.worked and isinstance(error.__cause__, OSError) and attempt >= _UNSEEN
        if error.alone and wait is not None:
            wait = pause
        over = wait is None or dead or (left is not None and wait > left)
        facts = {"path": in_flight.node, "model": state.backend.name, "attempt": max(attempt, 1), "error": error.problem}
        self._trace.event("retry", wait=None if wait is None or over else round(wait, 3), **facts)
        if wait is None or over:
            raise state.quota.error(error, state.backend.name)
        if in_flight.charged:
            self._budget.check(next(iter(in_flight.reservations.values())).stage)
        if not error.alone and in_flight.waiters:  # without a waiting step there is no next try
            await self._retry.sleep(wait)
