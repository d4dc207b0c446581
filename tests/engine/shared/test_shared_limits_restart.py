"""Runs that share a budget on a Redis server which is killed in the middle: nothing is overspent, and all goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import LimitReached
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.limit_wave import NOTHING, Amount, Caps
from promptwire.gateway.shared_budget import SharedBudget
from promptwire.gateway.trace import Trace
from promptwire.limits import SharedLimits
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.shared_limits import RedisLimits
from tests.engine.gateway.gateway_bench import counter, question
from tests.redis_process import RedisProcess, running_redis

pytestmark = pytest.mark.heavy

LIMITS = SharedLimits(calls=60)
PATIENCE = 5.0
"""Longer than a lost connection waits for its next try, here."""


@asynccontextmanager
async def run(process: RedisProcess, *, opens: bool = False) -> AsyncIterator[Gateway]:
    """One run of the sweep with a connection of its own."""
    server = RedisServer(process.url)
    store = RedisLimits(server, "s", Caps.of(LIMITS), already=NOTHING if opens else None, patience=PATIENCE)
    try:
        async with SharedBudget(store, LIMITS) as shared:
            gateway = Gateway(cache=None, budget=Budget(shared=shared), trace=Trace.null())
            yield gateway
            await gateway.close()
    finally:
        await server.close()


@pytest.mark.parametrize("kept", [False, True], ids=["forgets", "appendonly"])
async def test_a_server_that_is_killed_in_the_middle_makes_runs_wait_and_no_call_too_many_or_too_few(
    tmp_path: Path, kept: bool
) -> None:
    model = ScriptedBackend(counter(), latency=0.3, parallel=4)
    options = ("--appendonly", "yes", "--appendfsync", "always") if kept else ()
    with running_redis(tmp_path / "redis", *options) as process:
        async with AsyncExitStack() as stack:
            runs = [await stack.enter_async_context(run(process, opens=not number)) for number in range(3)]
            asked = [run.ask(model, question(f"{turn} {number}")) for turn in range(30) for number, run in enumerate(runs)]
            jobs = [asyncio.create_task(one) for one in asked]
            while len(model.requests) < 25:
                await asyncio.sleep(0.01)
            process.kill()
            await asyncio.sleep(0.3)
            was = len(model.requests)
            assert was < 60
            await asyncio.to_thread(process.start)
            found = await asyncio.gather(*jobs, return_exceptions=True)
        answered = [one for one in found if isinstance(one, tuple)]
        assert len(answered) == len(model.requests) == 60
        assert all(isinstance(one, LimitReached) for one in found if not isinstance(one, tuple))
        async with run(process, opens=True) as last:
            with pytest.raises(LimitReached):
                await last.ask(model, question("one more"))
            shared = last.budget.shared
            assert shared is not None and shared.total == Amount(60, shared.total.tokens, 0)
