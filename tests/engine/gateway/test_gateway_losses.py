"""Gateway: no paid completion is lost when a step is cancelled or a write fails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import CacheError, PromptwireError, TransientError
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits
from tests.engine.gateway.gateway_bench import Bench, Latch, counter, failing, question, settle, texts


async def test_a_cancelled_call_in_flight_is_still_stored(bench: Bench) -> None:
    latch = Latch()
    model = ScriptedBackend(counter(), latency=1, sleep=latch)
    gateway = bench.gateway()
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"))) for number in range(9)]
    await settle(lambda: len(model.requests) == 9)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    latch.event.set()
    await gateway.drain()
    assert bench.cache.stats().rows == 9
    assert gateway.usage.total.new == 9


async def test_a_cancelled_call_not_yet_sent_costs_nothing(bench: Bench) -> None:
    latch = Latch()
    model = ScriptedBackend(counter(), latency=1, sleep=latch, parallel=2)
    gateway = bench.gateway(Limits(calls=9))
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"))) for number in range(9)]
    await settle(lambda: len(model.requests) == 2)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    latch.event.set()
    await gateway.drain()
    assert len(model.requests) == 2
    assert texts(await gateway.ask(model, question("8"))) == ["2"]


async def test_a_call_cancelled_before_sending_is_traced_as_called_off(bench: Bench) -> None:
    events: list[str] = []
    latch = Latch()
    model = ScriptedBackend(counter(), latency=1, sleep=latch, parallel=2)
    gateway = bench.gateway(trace=Trace(None, listener=lambda what, facts: events.append(what)))
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"))) for number in range(5)]
    await settle(lambda: len(model.requests) == 2)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    latch.event.set()
    await gateway.drain()
    assert (events.count("called off"), events.count("request"), events.count("lost")) == (3, 2, 0)


async def test_a_request_cancelled_in_flight_is_traced_as_lost(bench: Bench) -> None:
    events: list[str] = []
    model = ScriptedBackend(counter(), latency=1, sleep=Latch())
    gateway = bench.gateway(trace=Trace(None, listener=lambda what, facts: events.append(what)))
    asking = asyncio.create_task(gateway.ask(model, question()))
    await settle(lambda: bool(model.requests))
    for task in list(gateway._tasks):
        task.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert events.count("lost") == 1


async def test_cancelling_one_waiting_step_leaves_the_other_its_completion(bench: Bench) -> None:
    latch = Latch()
    model = ScriptedBackend(counter(), latency=1, sleep=latch)
    gateway = bench.gateway()
    first = asyncio.create_task(gateway.ask(model, question()))
    second = asyncio.create_task(gateway.ask(model, question()))
    await settle(lambda: bool(model.requests))
    first.cancel()
    await settle()
    latch.event.set()
    assert texts(await second) == ["0"]


async def test_a_cancelled_call_is_not_retried(bench: Bench) -> None:
    latch = Latch()
    model = ScriptedBackend(failing([TransientError("down")]), latency=1, sleep=latch)
    gateway = bench.gateway()
    asking = asyncio.create_task(gateway.ask(model, question()))
    await settle(lambda: bool(model.requests))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    latch.event.set()
    await gateway.drain()
    assert len(model.requests) == 1


async def test_a_failed_write_is_an_error_and_is_repeated(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError("no space left on device")

    gateway = bench.gateway()
    with monkeypatch.context() as patch:
        patch.setattr(bench.cache._cache, "transact", full)
        with pytest.raises(CacheError, match="no space left"):
            await gateway.ask(ScriptedBackend(counter()), question())
        with pytest.raises(CacheError, match="a paid answer could not be stored"):
            await gateway.drain()
    await gateway.drain()
    assert texts(await bench.gateway(policy="only").ask(ScriptedBackend(counter()), question())) == ["0"]


async def test_an_unwritable_trace_loses_no_completion(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    gateway = bench.gateway(trace=Trace(tmp_path / "file"))
    with pytest.raises(PromptwireError, match="record can't be written"):
        await gateway.ask(ScriptedBackend(counter()), question())
    assert texts(await bench.gateway(policy="only").ask(ScriptedBackend(counter()), question())) == ["0"]
