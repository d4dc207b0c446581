"""Gateway to every model: cache, in-flight deduplication, approval, budget, retry and usage.

A call is one completion and one cache row. A request is one message to an endpoint and may bring several completions. Each
request runs in a task that belongs to the gateway. When the step fails or is cancelled while its request is in flight, the
completion still arrives and is stored. A request that is not sent yet and that no step waits for is cancelled: it has cost
nothing so far.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from promptwire.backend import Backend, Completion, Request
from promptwire.cache.disk import ResponseCache
from promptwire.cache.policy import CachePolicy
from promptwire.cache.record import RequestMeta, filtered, fits
from promptwire.errors import (
    CacheError,
    LimitReached,
    ModelUnavailable,
    PromptwireError,
    RunError,
    Unsupported,
    UsageError,
)
from promptwire.gateway.answer_store import AnswerStore
from promptwire.gateway.answer_tier import AnswerTier
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.budget import Budget
from promptwire.gateway.cached_calls import CachedCalls, Recalled
from promptwire.gateway.call_size import estimated_tokens, oversized
from promptwire.gateway.dispatcher import Dispatcher
from promptwire.gateway.in_flight import InFlightRequest, collect, fail, user_error
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.shared_answers import SharedAnswers
from promptwire.gateway.stage_budget import StageBudget
from promptwire.gateway.trace import Trace
from promptwire.gateway.usage import Usage
from promptwire.limits import RateLimits
from promptwire.values.request_key import RequestKeys

__all__ = ["Gateway"]

_MOST: Final = 100_000
"""Most samples of one request: an untrusted pipeline that names a billion would fill the memory before the first call."""


class Gateway:
    """All calls of one run. The caller closes the cache and the trace."""

    def __init__(
        self,
        *,
        cache: ResponseCache | None,
        budget: Budget,
        trace: Trace,
        policy: CachePolicy = "use",
        retry: RetryPolicy | None = None,
        rate_limits: Mapping[str, RateLimits] | None = None,
        approval: ApprovalGate | None = None,
        tier: AnswerTier | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Take `rate_limits` by the backend's identity. Calls that are not cached wait for `approval`.

        With a `tier`, answers are shared with other machines; its messages go to `say`.
        """
        self.usage = Usage()
        self._cache = cache
        self._answers = AnswerStore(cache) if cache is not None else None
        self.budget = budget
        self._trace = trace
        self.policy: CachePolicy = policy
        self._approval = approval
        if approval is not None:
            approval.trace = trace
        retry = retry or RetryPolicy()
        self._dispatcher = Dispatcher(budget=budget, usage=self.usage, trace=trace, retry=retry, rate_limits=rate_limits)
        self._in_flight: dict[str, InFlightRequest] = {}
        self._cached = CachedCalls(cache, self._in_flight, usage=self.usage, trace=trace, policy=policy)
        self.shared: SharedAnswers | None = None
        """Answers of other machines; None without a tier."""
        if tier is not None and self._answers is not None:
            parts: dict[str, Any] = {"answers": self._answers, "cached": self._cached, "dispatcher": self._dispatcher}
            self.shared = SharedAnswers(tier, budget=budget, usage=self.usage, say=say, **parts)
        self._tasks: set[asyncio.Task[None]] = set()
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
        stage: StageBudget | None = None,
        asked: RequestKeys | None = None,
    ) -> tuple[Completion, ...]:
        """Return `n` completions for `request`, for the step at path `node`.

        They are samples `first` to `first + n - 1`. `role` is the role of the model. With `rounds`, a call whose tries have all
        failed repeats them that many times before it has failed. `stage` is the budget of the step's stage. `asked` are the
        cache keys, where the caller knows them from `recall`.

        Raises UsageError for too many samples, LimitReached before a call that a limit forbids, CacheError when a completion is
        missing under `only` or could not be stored, ModelError when the model returns an error.
        """
        self._check(backend, n, node)
        policy = policy or self.policy
        self.usage.of(node).wanted += n
        recalled, asked = asked is not None, asked or request.keys(backend.identity, stream)
        keys = [asked.key(sample) for sample in range(first, first + n)]
        found = {key: self._cached.find(key, policy, recalled=recalled) for key in keys}
        missing = [key for key, one in found.items() if one is None]
        if missing and self.shared is not None and policy in ("use", "only"):
            found.update(await self.shared.look_up(missing, policy))
            missing = [key for key, one in found.items() if one is None]
        if missing and policy != "only" and self._approval is not None and not self._approval.open:
            await self._approval.enter(node, missing, had=n - len(missing))
            found = {key: self._cached.find(key, policy) for key in keys}  # it may be in flight by now
            missing = [key for key, one in found.items() if one is None]
        if missing:
            for in_flight in self._launch(backend, request, missing, policy, node=node, role=role, stage=stage):
                found.update(dict.fromkeys(in_flight.completions, in_flight))
        self.usage.of(node).cached += n - len(missing)
        for in_flight in {one for one in found.values() if isinstance(one, InFlightRequest)}:
            in_flight.rounds = max(in_flight.rounds, rounds)
        completions = await collect(found, forget=self._forget)
        if missing and self.shared is not None:
            missing = self.shared.paid(missing, found, node)
        self._cached.give(backend, completions, node=node, role=role)
        self._cached.note(asked, keys, node=node, first=first, missing=missing)
        return completions

    def recall(self, backend: Backend, requests: Sequence[Request], *, n: int = 1, **how: Any) -> list[Recalled]:
        """Look up samples 0 to `n - 1` of each of `requests` in the cache together; see `CachedCalls.recall`.

        What is missing is for `ask`. Without a cache, and for too many samples, all is.
        """
        if self._closed or n > _MOST:
            return [Recalled(None, None)] * len(requests)
        return self._cached.recall(backend, requests, n=n, **how)

    def _check(self, backend: Backend, n: int, node: str) -> None:
        """Raise ModelUnavailable after the end of the run, UsageError for too many samples."""
        if self._closed:
            raise ModelUnavailable(f"{backend.name} was called after the run had ended", where=node)
        if n > _MOST:
            raise UsageError(f"{n:,} samples of one request", where=node, hint=f"use at most {_MOST:,} samples")

    async def drain(self) -> None:
        """Wait until all requests have ended and their completions are on disk.

        To start no new requests, cancel the steps first. Raises CacheError when a completion could not be stored.
        """
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self.shared is not None:
            await self.shared.drain()
        if self._cache is not None:
            await asyncio.to_thread(self._cache.flush)
        self._trace.flush()

    async def take_notes(self) -> list[str]:
        """Return the messages of the cache and the shared tier to the user. Each is returned once."""
        if self._cache is None:
            return []
        shared = self.shared.take_notes() if self.shared is not None else []
        try:
            return shared + await asyncio.to_thread(self._cache.take_notes)
        except CacheError:  # `close` raises it again, with the path of the file that holds the completions
            return []

    async def close(self) -> None:
        """Drain, and close every backend that was opened. Raises the first error after all are closed."""
        self._closed = True
        failures: list[PromptwireError] = []
        try:
            await self.drain()
        except PromptwireError as error:
            failures.append(error)
        failures += await self._dispatcher.close()
        if failures:
            raise failures[0]

    def _launch(
        self,
        backend: Backend,
        request: Request,
        keys: Sequence[str],
        policy: CachePolicy,
        *,
        node: str,
        role: str,
        stage: StageBudget | None,
    ) -> list[InFlightRequest]:
        """Start the requests for `keys`: all of them, or none when a limit forbids one."""
        if policy == "only":
            hint = f"run without --cache only: {backend.name} would then be called {len(keys)} times here"
            raise CacheError("the cache holds no answer for this call", where=node, hint=hint)
        refusal = backend.supports(request.kind, chat=bool(request.messages))
        if refusal:
            raise Unsupported(refusal, where=node or backend.name)
        try:
            reservations = self.budget.reserve(len(keys), estimated_tokens(request), role=role, node=node, stage=stage)
        except LimitReached as error:
            error.where = error.where or node
            raise
        self._cached.expect(keys)
        started = []
        size = len(keys) if backend.batches else 1
        for start in range(0, len(keys), size):
            in_flight = InFlightRequest(backend, request, node)
            in_flight.add(keys[start : start + size], reservations[start : start + size])
            in_flight.task = asyncio.create_task(self._run(in_flight, policy))
            self._tasks.add(in_flight.task)
            in_flight.task.add_done_callback(self._tasks.discard)
            if policy != "off":
                self._in_flight.update(dict.fromkeys(in_flight.completions, in_flight))
            started.append(in_flight)
        return started

    async def _run(self, in_flight: InFlightRequest, policy: CachePolicy) -> None:
        """Run a request until each of its keys has a completion or an error."""
        store = partial(self._store, policy)
        try:
            if self.shared is None or policy != "use":
                await self._dispatcher.send(in_flight, in_flight.open_keys(), store)
            else:
                await self.shared.send(in_flight, store)
        except BaseException as error:
            known = user_error(error, in_flight)
            for key in in_flight.open_keys():
                self.budget.cancel(in_flight.reservations[key])
                fail(in_flight.completions[key], known)
                self.usage.of(in_flight.node).failed += isinstance(error, Exception) and not isinstance(error, LimitReached)
            with suppress(RunError):  # the step is given `error` itself, which matters more
                awaited = in_flight.waiters > 0 and not isinstance(error, asyncio.CancelledError | LimitReached)
                lost = in_flight.sent or awaited
                what, facts = ("lost", {"error": str(known), "type": type(known).__name__}) if lost else ("called off", {})
                self._trace.event(what, path=in_flight.node, model=in_flight.backend.name, **facts)
            if not isinstance(error, Exception):
                raise
        finally:
            self._forget(in_flight)

    async def _store(
        self, policy: CachePolicy, in_flight: InFlightRequest, keys: Sequence[str], completions: Sequence[Completion]
    ) -> None:
        """Count and store `completions`. The step is given what the cache then holds."""
        count = self.usage.of(in_flight.node)
        for key, completion in zip(keys, completions, strict=True):
            tokens = completion.tokens_in + completion.tokens_out
            self.budget.settle(in_flight.reservations[key], tokens=tokens, usd=completion.usd)
            count.book(completion)
            if policy == "refresh" or filtered(completion):
                self._cached.renewed.add(key)
        found = {key: completion for key, completion in zip(keys, completions, strict=True) if fits(completion)}
        for key in keys:
            if key not in found:
                fail(in_flight.completions[key], oversized(in_flight))
        if self._answers is None or policy == "off":
            for key, completion in found.items():
                in_flight.completions[key].set_result(completion)
            return
        meta = RequestMeta(in_flight.backend.identity, in_flight.request.kind)
        await self._answers.put(found, in_flight.completions, meta=meta, replace=policy == "refresh")
        if self.shared is not None:
            self.shared.publish(in_flight, list(found), replace=policy == "refresh")

    def _forget(self, in_flight: InFlightRequest) -> None:
        if self.shared is not None:
            self.shared.ended.update(in_flight.completions)
        for key in in_flight.completions:
            if self._in_flight.get(key) is in_flight:
                del self._in_flight[key]
