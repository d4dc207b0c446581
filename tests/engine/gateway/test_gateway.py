"""Gateway: cache policies, limits, opening and closing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from promptwire.backend import Completion, Kind
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import (
    CacheError,
    LimitReached,
    ModelUnavailable,
    RequestRefused,
    TransientError,
    Unsupported,
    UsageError,
)
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits
from tests.engine.gateway.gateway_bench import Bench, Latch, counter, failing, question, settle, texts


async def test_more_samples_cost_only_the_missing_ones(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    assert texts(await bench.gateway().ask(model, question(), n=8)) == [f"{number}" for number in range(8)]
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question(), n=12, node="a")) == [f"{number}" for number in range(12)]
    assert texts(await gateway.ask(model, question(), n=5, first=3, node="b")) == ["3", "4", "5", "6", "7"]
    assert (gateway.usage.of("a").new, gateway.usage.of("a").cached) == (4, 8)
    assert (gateway.usage.of("b").new, gateway.usage.of("b").cached) == (0, 5)


async def test_a_cached_run_opens_no_backend(bench: Bench) -> None:
    await bench.gateway().ask(ScriptedBackend(counter(), name="m"), question())
    model = ScriptedBackend(counter(), name="m")
    await bench.gateway().ask(model, question())
    assert (model.opened, model.requests) == (0, [])


async def test_concurrent_calls_open_a_backend_once(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    gateway = bench.gateway()
    await asyncio.gather(*(gateway.ask(model, question(f"{number}")) for number in range(20)))
    assert model.opened == 1


async def test_equal_concurrent_calls_send_one_request_and_count_as_cached(bench: Bench) -> None:
    latch = Latch()
    model = ScriptedBackend(counter(), latency=1.0, sleep=latch)
    gateway = bench.gateway()
    asking = [asyncio.create_task(gateway.ask(model, question(), node=f"{number}")) for number in range(3)]
    await settle()
    latch.event.set()
    assert {texts(answers)[0] for answers in await asyncio.gather(*asking)} == {"0"}
    assert len(model.requests) == 1
    assert (gateway.usage.total.new, gateway.usage.total.cached) == (1, 2)


async def test_another_stream_repeats_random_requests_only(bench: Bench) -> None:
    model, gateway = ScriptedBackend(counter()), bench.gateway()
    for stream in ("0/1", "0/2"):
        await gateway.ask(model, question("random"), stream=stream)
        await gateway.ask(model, question("certain", temperature=0.0), stream=stream)
    assert [request.prompt for request in model.requests] == ["random", "certain", "random"]


async def test_a_step_gets_the_completion_that_is_stored(bench: Bench) -> None:
    first, second = bench.gateway(), bench.gateway()
    latch = Latch()
    slow, fast = (
        ScriptedBackend(lambda *_: "slow", latency=1, sleep=latch, name="m"),
        ScriptedBackend(lambda *_: "fast", name="m"),
    )
    asking = asyncio.create_task(first.ask(slow, question()))
    await settle(lambda: bool(slow.requests))
    assert texts(await second.ask(fast, question())) == ["fast"]
    latch.event.set()
    assert texts(await asking) == ["fast"]


async def test_refresh_sends_each_request_once_in_a_run(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    await bench.gateway().ask(model, question())
    gateway = bench.gateway(policy="refresh")
    assert texts(await gateway.ask(model, question())) == ["1"]
    assert texts(await gateway.ask(model, question())) == ["1"]
    assert texts(await bench.gateway().ask(model, question())) == ["1"]


async def test_only_reads_the_cache_and_a_miss_names_the_step(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    await bench.gateway().ask(model, question("known"))
    gateway = bench.gateway(policy="only")
    assert texts(await gateway.ask(model, question("known"))) == ["0"]
    with pytest.raises(CacheError, match=r"search\.expand: the cache holds no answer") as caught:
        await gateway.ask(model, question("new"), node="search.expand")
    assert "--cache only" in caught.value.hint
    assert len(model.requests) == 1


async def test_a_billion_samples_are_refused_before_any_request(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    with pytest.raises(UsageError, match="1,000,000,000 samples"):
        await bench.gateway().ask(model, question(), n=10**9)
    assert model.requests == []


async def test_off_neither_reads_nor_writes_the_cache(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    await bench.gateway().ask(model, question())
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question(), policy="off")) == ["1"]
    assert texts(await gateway.ask(model, question())) == ["0"]
    without = bench.gateway(cache=None)
    assert texts(await without.ask(model, question())) == ["2"]


async def test_a_filtered_reply_is_stored_but_not_reused_in_another_run(bench: Bench) -> None:
    replies = [Completion(finish="content_filter"), Completion("an answer")]
    model = ScriptedBackend(lambda request, key: replies.pop(0))
    gateway = bench.gateway()
    assert (await gateway.ask(model, question()))[0].finish == "content_filter"
    assert (await gateway.ask(model, question()))[0].finish == "content_filter"
    assert (await bench.gateway(policy="only").ask(model, question()))[0].finish == "content_filter"
    assert texts(await bench.gateway().ask(model, question())) == ["an answer"]
    assert texts(await bench.gateway().ask(model, question())) == ["an answer"]


async def test_calls_stop_at_the_limit_in_order_of_arrival(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    gateway = bench.gateway(Limits(calls=7))
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"), node="n")) for number in range(10)]
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert [isinstance(one, LimitReached) for one in done] == [False] * 7 + [True] * 3
    assert len(model.requests) == 7
    assert str(done[9]).startswith("n: the limit of 7 calls is reached")


async def test_cached_and_failed_calls_use_no_budget(bench: Bench) -> None:
    gateway = bench.gateway(Limits(calls=1))
    with pytest.raises(RequestRefused):
        await gateway.ask(ScriptedBackend(failing([RequestRefused("no")])), question())
    await gateway.ask(ScriptedBackend(counter()), question())
    await gateway.ask(ScriptedBackend(counter()), question())
    with pytest.raises(LimitReached):
        await gateway.ask(ScriptedBackend(counter()), question("other"))


async def test_requests_in_flight_stay_within_the_backends_parallel(bench: Bench) -> None:
    model = ScriptedBackend(counter(), parallel=3, latency=1, sleep=lambda seconds: asyncio.sleep(0))
    gateway = bench.gateway()
    await asyncio.gather(*(gateway.ask(model, question(f"{number}"), n=2) for number in range(10)))
    assert model.peak == 3


async def test_an_unsupported_request_is_refused_before_it_costs_a_call(bench: Bench) -> None:
    class Plain(ScriptedBackend):
        def supports(self, kind: Kind, *, chat: bool) -> str:
            return "" if kind == "generate" else "it can't"

    gateway = bench.gateway(Limits(calls=1))
    model = Plain(counter())
    with pytest.raises(Unsupported, match="n: it can't"):
        await gateway.ask(model, question(kind="choose"), node="n")
    await gateway.ask(model, question())


async def test_closing_waits_for_requests_and_closes_opened_backends(bench: Bench) -> None:
    latch = Latch()
    used, unused = ScriptedBackend(counter(), latency=1, sleep=latch, name="used"), ScriptedBackend(counter(), name="unused")
    gateway = bench.gateway()
    asking = asyncio.create_task(gateway.ask(used, question()))
    await settle(lambda: bool(used.requests))
    closing = asyncio.create_task(gateway.close())
    await settle()
    assert not closing.done()
    latch.event.set()
    await closing
    assert texts(await asking) == ["0"]
    assert not used._ready
    with pytest.raises(ModelUnavailable, match="after the run had ended"):
        await gateway.ask(unused, question())


async def test_a_failed_opening_fails_all_calls_and_is_not_repeated(bench: Bench) -> None:
    class Broken(ScriptedBackend):
        async def open(self) -> None:
            await super().open()
            raise ModelUnavailable("no such model")

    model = Broken(counter())
    gateway = bench.gateway()
    done = await asyncio.gather(*(gateway.ask(model, question(f"{number}")) for number in range(5)), return_exceptions=True)
    assert all(isinstance(one, ModelUnavailable) for one in done)
    assert (model.opened, model.requests) == (1, [])


async def test_the_trace_has_a_line_for_every_used_completion(bench: Bench, tmp_path: Path) -> None:
    events: list[str] = []
    trace = Trace(tmp_path / "run", listener=lambda what, facts: events.append(what))
    gateway = bench.gateway(trace=trace)
    model = ScriptedBackend(failing([TransientError("down")]))
    await gateway.ask(model, question(), n=2, node="a")
    await gateway.ask(model, question(), node="b")
    trace.close()
    assert sorted(events) == ["request", "request", "retry"]
    lines = (tmp_path / "run" / "calls.jsonl").read_text().splitlines()
    assert [('"path":"a"' in line, '"new":true' in line) for line in lines] == [(True, True)] * 2 + [(False, False)]
