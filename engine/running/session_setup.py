"""Open the session of a run from its options; close it without losing a paid completion."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from promptwire.backend import Backend
from promptwire.cache.disk import ResponseCache
from promptwire.gateway.answer_tier import AnswerTier
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.process_tier import PROCESS_ANSWERS, ProcessTier
from promptwire.gateway.retry import TRIES, RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits, RateLimits
from promptwire.node import Role
from promptwire.options import Options, cache_folder
from promptwire.running.observer import RunObserver
from promptwire.running.session import Session
from promptwire.tasks.task import Task

__all__ = ["open_session"]


@asynccontextmanager
async def open_session(
    task: Task,
    options: Options,
    models: Mapping[Role, Backend],
    budget: Budget,
    *,
    observers: Sequence[RunObserver] = (),
    approval: ApprovalGate | None = None,
    folder: Path | None = None,
) -> AsyncIterator[Session]:
    """Open a session; on exit, wait for the requests in flight and cache them. Without a `folder`, write no trace files.

    Raises CacheError or UsageError when the server that shares answers can't be used.
    """

    def say(text: str) -> None:
        for observer in observers:
            observer.say(text)

    async with _shared_tier(options, say) as tier:
        parts: dict[str, Any] = {"observers": observers, "approval": approval, "folder": folder, "tier": tier, "say": say}
        async with _opened(task, options, models, budget, **parts) as session:
            yield session


@asynccontextmanager
async def _shared_tier(options: Options, say: Callable[[str], None]) -> AsyncIterator[AnswerTier | None]:
    """The server through which machines share answers, else what runs of this process share; None for a run alone."""
    tier: AnswerTier
    if options.shared_cache:
        from promptwire.shared.redis_tier import open_tier  # noqa: PLC0415 - a run without it loads nothing of it

        tier = await open_tier(options.shared_cache)
    elif options.cache != "off" and (answers := PROCESS_ANSWERS.get()) is not None:
        tier = ProcessTier(answers)
    else:
        yield None
        return
    try:
        yield tier
    finally:
        await tier.close()
        for note in tier.take_notes():
            say(note)


@asynccontextmanager
async def _opened(
    task: Task,
    options: Options,
    models: Mapping[Role, Backend],
    budget: Budget,
    *,
    observers: Sequence[RunObserver],
    approval: ApprovalGate | None,
    folder: Path | None,
    tier: AnswerTier | None,
    say: Callable[[str], None],
) -> AsyncIterator[Session]:
    def listen(event: str, facts: Mapping[str, Any]) -> None:
        for observer in observers:
            observer(event, facts)

    trace = Trace(folder, listener=listen if observers else None)
    # A plan makes no cache, except to keep what it fetches.
    unmade = folder is None and tier is None and not os.path.isfile(cache_folder() / "cache.db")
    cache = None if options.cache == "off" or unmade else ResponseCache(cache_folder())
    rate_limits = _rate_limits(models, options, budget.limits)
    retry = _retry(options)
    gateway = Gateway(
        cache=cache,
        budget=budget,
        trace=trace,
        policy=options.cache,
        retry=retry,
        rate_limits=rate_limits,
        approval=approval,
        tier=tier,
        say=say,
    )
    for observer in observers:
        observer.follow(gateway.usage)
    try:
        anytime = budget.limits.on_limit == "stop"
        yield Session(task, models, gateway, trace, options.seed, repeats=options.repeats, anytime=anytime)
    except asyncio.CancelledError:
        say("stopping: waiting for paid requests in flight; press Ctrl-C again to leave at once")
        raise
    finally:
        try:
            await gateway.close()
        finally:
            if cache is not None:
                cache.close()
                for text in cache.notes:
                    say(text)
            trace.close()


def _retry(options: Options) -> RetryPolicy | None:
    """The retry policy of the options; None for the default."""
    told = options.tries is not None or options.timeout is not None
    return RetryPolicy(tries=options.tries or TRIES, timeout=options.timeout) if told else None


def _rate_limits(models: Mapping[Role, Backend], options: Options, limits: Limits) -> dict[str, RateLimits]:
    """Rate limits of each model, by identity: the strictest of the roles that share it."""
    found: dict[str, RateLimits] = {}
    for role, model in models.items():
        rate_limits = options.pace(role, limits.roles)
        if rate_limits != RateLimits():
            found[model.identity] = rate_limits.within(found.get(model.identity, RateLimits()))
    return found
