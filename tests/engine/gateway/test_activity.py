"""Activity: requests in flight and waiting, while they are, and the facts that the trace gets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from simulated_time import leap

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import TransientError
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.limits import RateLimits
from tests.engine.gateway.gateway_bench import Bench, Latch, failing, question, settle


async def test_requests_in_flight_are_counted_up_to_the_concurrency_limit(bench: Bench) -> None:
    latch = Latch()
    model = ScriptedBackend(lambda request, key: "x", latency=1.0, parallel=2, sleep=latch)
    gateway = bench.gateway()
    asked = asyncio.ensure_future(gateway.ask(model, question(), n=5))
    await settle(lambda: bool(gateway.usage.models) and gateway.usage.models[0].in_flight == 2)
    (activity,) = gateway.usage.models
    assert (activity.model, activity.in_flight, activity.at_once, activity.throttled) == ("scripted", 2, 2, False)
    latch.event.set()
    await asked
    assert activity.in_flight == 0


async def test_a_throttled_model_takes_fewer_requests_and_none_stays_in_flight(bench: Bench) -> None:
    slow = TransientError("status 429")
    slow.throttled = True
    gateway = bench.gateway()
    await gateway.ask(ScriptedBackend(failing([slow]), parallel=8), question())
    (activity,) = gateway.usage.models
    assert (activity.in_flight, activity.at_once, activity.throttled) == (0, 1, True)


def test_requests_behind_the_rate_limit_are_counted_while_they_wait() -> None:
    async def main() -> tuple[list[int], int]:
        model = ScriptedBackend(lambda request, key: "x", parallel=8)
        limits = {model.identity: RateLimits(requests_per_minute=1)}
        gateway = Gateway(cache=None, budget=Budget(), trace=Trace.null(), rate_limits=limits)
        asked = asyncio.ensure_future(gateway.ask(model, question(), n=3))
        seen = []
        for seconds in (1.0, 60.0):
            await asyncio.sleep(seconds)
            seen.append(gateway.usage.models[0].rate_limited)
        await asked
        return seen, gateway.usage.models[0].rate_limited

    assert leap(main()) == ([2, 1], 0)


async def test_the_trace_says_what_a_request_cost(bench: Bench) -> None:
    events: list[tuple[str, Mapping[str, Any]]] = []
    trace = Trace(None, listener=lambda what, facts: events.append((what, facts)))
    replies = iter([Completion(text="a", tokens_in=10, tokens_out=2, usd=0.5), Completion(text="b", tokens_in=1, usd=None)])
    gateway = bench.gateway(trace=trace)
    await gateway.ask(ScriptedBackend(lambda request, key: next(replies)), question(), n=2)
    cost = [(facts["tokens_in"], facts["tokens_out"], facts["usd"]) for what, facts in events if what == "request"]
    assert cost == [(10, 2, 0.5), (1, 0, None)]


async def test_the_trace_says_what_was_approved(bench: Bench) -> None:
    events: list[tuple[str, Mapping[str, Any]]] = []
    trace = Trace(None, listener=lambda what, facts: events.append((what, facts)))
    gate = ApprovalGate(lambda: setattr(gate, "approved", {"new": 7}))
    await bench.gateway(trace=trace, approval=gate).ask(ScriptedBackend(lambda request, key: "x"), Request("generate"))
    assert [facts for what, facts in events if what == "approved"] == [{"new": 7}]
