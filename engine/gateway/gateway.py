"""The one door to every model: cache, single flight, budget, concurrency, retry and accounting of every call.

A call is one answer and one cache row; a request is what goes over the wire and may bring several. A request runs in a task of
its own that belongs to the gateway: a step that fails or is cancelled while its request is out loses nothing, the answer
arrives and is stored. A request that is not out yet and that nobody wants any more is called off, for it costs nothing so far.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from promptwire.backend import Backend, Completion, Request
from promptwire.cache.disk import ResponseCache
from promptwire.cache.policy import CachePolicy
from promptwire.cache.record import LARGEST, RequestMeta, filtered, fits
from promptwire.errors import (
    CacheError,
    LimitReached,
    ModelUnavailable,
    PromptwireError,
    RequestRefused,
    RunError,
    Unsupported,
    UsageError,
)
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.budget import Budget
from promptwire.gateway.dispatcher import Dispatcher, tidy
from promptwire.gateway.in_flight import InFlightRequest
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.gateway.usage import Usage
from promptwire.limits import RateLimits

__all__ = ["Gateway"]

_MOST: Final = 100_000
"""Most samples of one question: a stranger's pipeline that names a billion would fill the memory before the first is asked."""


class Gateway:
    """All calls of one run go through one of these. The cache and the trace stay their owner's to close."""

    def __init__(
        self,
        *,
        cache: ResponseCache | None,
        budget: Budget,
        trace: Trace,
        policy: CachePolicy = "use",
        retry: RetryPolicy | None = None,
        paces: Mapping[str, RateLimits] | None = None,
        gate: ApprovalGate | None = None,
    ) -> None:
        """`paces` say how hard each backend may be pressed, by its identity. What is not in the cache waits at the `gate`."""
        self.tally = Usage()
        self._cache = cache
        self._budget = budget
        self._trace = trace
        self._policy: CachePolicy = policy
        self._gate = gate
        self._courier = Dispatcher(budget=budget, tally=self.tally, trace=trace, retry=retry or RetryPolicy(), paces=paces)
        self._flights: dict[str, InFlightRequest] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewed: set[str] = set()
        self._closed = False

    async def ask(
        self,
        backend: Backend,
        request: Request,
        *,
        n: int = 1,
        first: int = 0,
        stream: str = "",
        policy: CachePolicy | None = None,
        node: str = "",
        role: str = "",
        rounds: int = 0,
    ) -> tuple[Completion, ...]:
        """`n` answers to `request`, samples `first` to `first + n - 1`, for the step at path `node`, in the role `role`.

        With `rounds`, a call whose tries have all failed is tried that many times more, all over, before it has failed.

        Raises UsageError for more samples than anybody can use, LimitReached before a call that a limit forbids, CacheError
        when an answer is missing under `only` or could not be stored, ModelError when the model can't answer.
        """
        if self._closed:
            raise ModelUnavailable(f"{backend.name} was asked after the run had ended", where=node)
        if n > _MOST:
            raise UsageError(f"{n:,} samples of one question", where=node, hint=f"ask for {_MOST:,} at most")
        policy = policy or self._policy
        self.tally.of(node).wanted += n
        keys = [request.key(backend.identity, sample=sample, stream=stream) for sample in range(first, first + n)]
        found = {key: self._find(key, policy) for key in keys}
        missing = [key for key, there in found.items() if there is None]
        if missing and policy != "only" and self._gate is not None and not self._gate.open:
            await self._gate.enter(node, missing, had=n - len(missing))
            found = {key: self._find(key, policy) for key in keys}  # another may have asked for the same meanwhile
            missing = [key for key, there in found.items() if there is None]
        if missing:
            for flight in self._launch(backend, request, missing, policy, node=node, role=role):
                found.update(dict.fromkeys(flight.answers, flight))
        self.tally.of(node).cached += n - len(missing)
        for flight in {one for one in found.values() if isinstance(one, InFlightRequest)}:
            flight.rounds = max(flight.rounds, rounds)
        answers = await self._collect(found)
        if refused := self.tally.heed(backend.name, answers):
            self._trace.event("refused", path=node, model=backend.name, parameters=refused)
        parts = request.parts(backend.identity, stream)
        for sample, key in enumerate(keys, first):
            self._trace.call(key=key, path=node, new=key in missing, sample=sample, parts=parts)
        return answers

    async def drain(self) -> None:
        """Wait for the requests that are out or still wanted, and see that their answers are on disk.

        To stop starting new ones, cancel those who ask first. Raises CacheError when an answer could not be stored.
        """
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._cache is not None:
            await asyncio.to_thread(self._cache.flush)
        self._trace.flush()

    async def take_notes(self) -> list[str]:
        """What the user should know of how answers were kept, each note once."""
        if self._cache is None:
            return []
        try:
            return await asyncio.to_thread(self._cache.take_notes)
        except CacheError:  # `close` raises it again, with the place where the answers are left
            return []

    async def close(self) -> None:
        """Drain, and close every backend that was opened. Raises the first error after all are closed."""
        self._closed = True
        failures: list[PromptwireError] = []
        try:
            await self.drain()
        except PromptwireError as error:
            failures.append(error)
        failures += await self._courier.close()
        if failures:
            raise failures[0]

    def _find(self, key: str, policy: CachePolicy) -> Completion | InFlightRequest | None:
        """The answer under `key`, or the request that will bring it; None when it has to be asked for."""
        if policy == "off" or self._cache is None:
            return None
        if key in self._flights:
            return self._flights[key]
        renewed = key in self._renewed
        if policy == "refresh" and not renewed:
            return None
        answer = self._cache.get(key)
        if answer is not None and filtered(answer) and policy != "only" and not renewed:
            return None
        return answer

    def _launch(
        self, backend: Backend, request: Request, keys: Sequence[str], policy: CachePolicy, *, node: str, role: str
    ) -> list[InFlightRequest]:
        """Start asking for `keys`. Nothing is started when it would not be allowed for all of them."""
        if policy == "only":
            hint = f"--cache only asks no model; without it, {backend.name} would be asked {len(keys)} times here"
            raise CacheError("the cache holds no answer to this question", where=node, hint=hint)
        refusal = backend.supports(request.kind, chat=bool(request.messages))
        if refusal:
            raise Unsupported(refusal, where=node or backend.name)
        try:
            holds = self._budget.reserve(len(keys), _estimate(request), role=role)
        except LimitReached as error:
            error.where = error.where or node
            raise
        flights = []
        size = len(keys) if backend.batches else 1
        for start in range(0, len(keys), size):
            flight = InFlightRequest(backend, request, node)
            flight.load(keys[start : start + size], holds[start : start + size])
            flight.task = asyncio.create_task(self._fly(flight, policy))
            self._tasks.add(flight.task)
            flight.task.add_done_callback(self._tasks.discard)
            if policy != "off":
                self._flights.update(dict.fromkeys(flight.answers, flight))
            flights.append(flight)
        return flights

    async def _collect(self, found: dict[str, Completion | InFlightRequest | None]) -> tuple[Completion, ...]:
        """The answers, in order, waiting for those that are on their way."""
        flights = {one for one in found.values() if isinstance(one, InFlightRequest)}
        for flight in flights:
            flight.waiters += 1
        try:
            # Shielded: a step that is cancelled here must not cancel what others wait for.
            return tuple(
                [
                    await asyncio.shield(one.answers[key]) if isinstance(one, InFlightRequest) else one
                    for key, one in found.items()
                    if one
                ]
            )
        finally:
            for flight in flights:
                flight.waiters -= 1
                if flight.unwanted and flight.task is not None and not flight.task.done():
                    flight.task.cancel()
                    self._forget(flight)

    async def _fly(self, flight: InFlightRequest, policy: CachePolicy) -> None:
        """Run `flight` to its end, good or bad; every key of it has an outcome then."""
        try:
            await self._courier.send(flight, flight.open(), partial(self._store, policy))
        except BaseException as error:
            known = tidy(error, flight)
            for key in flight.open():
                self._budget.cancel(flight.holds[key])
                flight.answers[key].set_exception(known)
                self.tally.of(flight.node).failed += isinstance(error, Exception) and not isinstance(error, LimitReached)
            with suppress(RunError):  # whoever asked is told the error itself, which matters more
                lost = flight.sent or (flight.waiters > 0 and not isinstance(error, asyncio.CancelledError | LimitReached))
                what, facts = ("lost", {"error": str(known)}) if lost else ("called off", {})
                self._trace.event(what, path=flight.node, model=flight.backend.name, **facts)
            if not isinstance(error, Exception):
                raise
        finally:
            self._forget(flight)

    async def _store(
        self, policy: CachePolicy, flight: InFlightRequest, keys: Sequence[str], answers: Sequence[Completion]
    ) -> None:
        """Book `answers` and keep them; what the cache then holds is what is used."""
        count = self.tally.of(flight.node)
        for key, answer in zip(keys, answers, strict=True):
            self._budget.settle(flight.holds[key], tokens=answer.tokens_in + answer.tokens_out, usd=answer.usd)
            count.book(answer)
            if policy == "refresh" or filtered(answer):
                self._renewed.add(key)
        found = {key: answer for key, answer in zip(keys, answers, strict=True) if fits(answer)}
        for key in keys:
            if key not in found:
                flight.answers[key].set_exception(_oversized(flight))
        if self._cache is None or policy == "off":
            for key, answer in found.items():
                flight.answers[key].set_result(answer)
            return
        note = RequestMeta(flight.backend.identity, flight.request.kind)
        puts = {key: self._cache.put(key, answer, note=note, replace=policy == "refresh") for key, answer in found.items()}
        for key, put in puts.items():
            try:
                flight.answers[key].set_result(await asyncio.wrap_future(put))
            except CacheError as error:
                flight.answers[key].set_exception(error)

    def _forget(self, flight: InFlightRequest) -> None:
        for key in flight.answers:
            if self._flights.get(key) is flight:
                del self._flights[key]


def _oversized(flight: InFlightRequest) -> RequestRefused:
    """What is said of an answer that the cache can't hold: used without being kept, it would be paid for again."""
    problem = f"{flight.backend.name} gave an answer of more than {LARGEST >> 20} MB, which the cache can't keep"
    return RequestRefused(problem, where=flight.node, hint="limit the length of replies: settings: {max_tokens: N}")


def _estimate(request: Request) -> int:
    """About how many tokens one answer takes: four characters a token, and all that the reply may be long."""
    read = sum(len(message.content) for message in request.messages) + len(request.prompt) + len(request.suffix)
    return read // 4 + (request.settings.max_tokens or 0)
