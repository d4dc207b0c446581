"""The gateway: no question is paid twice, whatever the policy; it refuses in time and ends in order."""

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
from tests.engine.gateway.gateway_bench import Bench, Gate, counter, failing, question, settle, texts


async def test_samples_are_rows_of_their_own_and_more_samples_cost_only_what_is_missing(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    assert texts(await bench.gateway().ask(model, question(), n=8)) == [f"{number}" for number in range(8)]
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question(), n=12, node="a")) == [f"{number}" for number in range(12)]
    assert texts(await gateway.ask(model, question(), n=5, first=3, node="b")) == ["3", "4", "5", "6", "7"]
    assert (gateway.usage.of("a").new, gateway.usage.of("a").cached) == (4, 8)
    assert (gateway.usage.of("b").new, gateway.usage.of("b").cached) == (0, 5)


async def test_a_run_from_the_cache_opens_nothing(bench: Bench) -> None:
    await bench.gateway().ask(ScriptedBackend(counter(), name="m"), question())
    model = ScriptedBackend(counter(), name="m")
    await bench.gateway().ask(model, question())
    assert (model.opened, model.requests) == (0, [])


async def test_a_backend_is_opened_once_however_many_ask_at_once(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    gateway = bench.gateway()
    await asyncio.gather(*(gateway.ask(model, question(f"{number}")) for number in range(20)))
    assert model.opened == 1


async def test_the_same_question_at_once_is_asked_once_and_the_second_counts_as_cached(bench: Bench) -> None:
    gate = Gate()
    model = ScriptedBackend(counter(), latency=1.0, sleep=gate)
    gateway = bench.gateway()
    asking = [asyncio.create_task(gateway.ask(model, question(), node=f"{number}")) for number in range(3)]
    await settle()
    gate.event.set()
    assert {texts(answers)[0] for answers in await asyncio.gather(*asking)} == {"0"}
    assert len(model.requests) == 1
    assert (gateway.usage.total.new, gateway.usage.total.cached) == (1, 2)


async def test_a_random_question_is_asked_anew_in_another_stream_and_a_certain_one_is_not(bench: Bench) -> None:
    model, gateway = ScriptedBackend(counter()), bench.gateway()
    for stream in ("0/1", "0/2"):
        await gateway.ask(model, question("random"), stream=stream)
        await gateway.ask(model, question("certain", temperature=0.0), stream=stream)
    assert [request.prompt for request in model.requests] == ["random", "certain", "random"]


async def test_what_is_stored_is_what_is_used(bench: Bench) -> None:
    first, second = bench.gateway(), bench.gateway()
    gate = Gate()
    slow, fast = (
        ScriptedBackend(lambda *_: "slow", latency=1, sleep=gate, name="m"),
        ScriptedBackend(lambda *_: "fast", name="m"),
    )
    asking = asyncio.create_task(first.ask(slow, question()))
    await settle(lambda: bool(slow.requests))
    assert texts(await second.ask(fast, question())) == ["fast"]
    gate.event.set()
    assert texts(await asking) == ["fast"]


async def test_refresh_asks_everything_once_and_only_once(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    await bench.gateway().ask(model, question())
    gateway = bench.gateway(policy="refresh")
    assert texts(await gateway.ask(model, question())) == ["1"]
    assert texts(await gateway.ask(model, question())) == ["1"]
    assert texts(await bench.gateway().ask(model, question())) == ["1"]


async def test_only_replays_and_a_miss_is_an_error_that_names_the_step(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    await bench.gateway().ask(model, question("known"))
    gateway = bench.gateway(policy="only")
    assert texts(await gateway.ask(model, question("known"))) == ["0"]
    with pytest.raises(CacheError, match=r"search\.expand: the cache holds no answer") as caught:
        await gateway.ask(model, question("new"), node="search.expand")
    assert "--cache only" in caught.value.hint
    assert len(model.requests) == 1


async def test_more_samples_than_anybody_can_use_are_refused_before_they_fill_the_memory(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    with pytest.raises(UsageError, match="1,000,000,000 samples"):
        await bench.gateway().ask(model, question(), n=10**9)
    assert model.requests == []


async def test_off_neither_reads_nor_writes(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    await bench.gateway().ask(model, question())
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question(), policy="off")) == ["1"]
    assert texts(await gateway.ask(model, question())) == ["0"]
    without = bench.gateway(cache=None)
    assert texts(await without.ask(model, question())) == ["2"]


async def test_what_a_filter_stopped_is_kept_but_not_replayed_in_another_run(bench: Bench) -> None:
    replies = [Completion(finish="content_filter"), Completion("an answer")]
    model = ScriptedBackend(lambda request, key: replies.pop(0))
    gateway = bench.gateway()
    assert (await gateway.ask(model, question()))[0].finish == "content_filter"
    assert (await gateway.ask(model, question()))[0].finish == "content_filter"
    assert (await bench.gateway(policy="only").ask(model, question()))[0].finish == "content_filter"
    assert texts(await bench.gateway().ask(model, question())) == ["an answer"]
    assert texts(await bench.gateway().ask(model, question())) == ["an answer"]


async def test_calls_never_pass_the_limit_and_those_asked_first_come_first(bench: Bench) -> None:
    model = ScriptedBackend(counter())
    gateway = bench.gateway(Limits(calls=7))
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"), node="n")) for number in range(10)]
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert [isinstance(one, LimitReached) for one in done] == [False] * 7 + [True] * 3
    assert len(model.requests) == 7
    assert str(done[9]).startswith("n: the limit of 7 calls is reached")


async def test_cached_answers_cost_no_budget_and_failed_calls_give_it_back(bench: Bench) -> None:
    gateway = bench.gateway(Limits(calls=1))
    with pytest.raises(RequestRefused):
        await gateway.ask(ScriptedBackend(failing([RequestRefused("no")])), question())
    await gateway.ask(ScriptedBackend(counter()), question())
    await gateway.ask(ScriptedBackend(counter()), question())
    with pytest.raises(LimitReached):
        await gateway.ask(ScriptedBackend(counter()), question("other"))


async def test_no_more_requests_are_out_than_the_backend_can_use(bench: Bench) -> None:
    model = ScriptedBackend(counter(), parallel=3, latency=1, sleep=lambda seconds: asyncio.sleep(0))
    gateway = bench.gateway()
    await asyncio.gather(*(gateway.ask(model, question(f"{number}"), n=2) for number in range(10)))
    assert model.peak == 3


async def test_what_a_model_can_not_do_is_refused_before_anything_is_spent(bench: Bench) -> None:
    class Plain(ScriptedBackend):
        def supports(self, kind: Kind, *, chat: bool) -> str:
            return "" if kind == "generate" else "it can't"

    gateway = bench.gateway(Limits(calls=1))
    model = Plain(counter())
    with pytest.raises(Unsupported, match="n: it can't"):
        await gateway.ask(model, question(kind="choose"), node="n")
    await gateway.ask(model, question())


async def test_closing_waits_closes_what_was_opened_and_takes_nothing_more(bench: Bench) -> None:
    gate = Gate()
    used, unused = ScriptedBackend(counter(), latency=1, sleep=gate, name="used"), ScriptedBackend(counter(), name="unused")
    gateway = bench.gateway()
    asking = asyncio.create_task(gateway.ask(used, question()))
    await settle(lambda: bool(used.requests))
    closing = asyncio.create_task(gateway.close())
    await settle()
    assert not closing.done()
    gate.event.set()
    await closing
    assert texts(await asking) == ["0"]
    assert not used._ready
    with pytest.raises(ModelUnavailable, match="after the run had ended"):
        await gateway.ask(unused, question())


async def test_a_backend_that_can_not_open_says_so_to_all_and_is_opened_once(bench: Bench) -> None:
    class Broken(ScriptedBackend):
        async def open(self) -> None:
            await super().open()
            raise ModelUnavailable("no such model")

    model = Broken(counter())
    gateway = bench.gateway()
    done = await asyncio.gather(*(gateway.ask(model, question(f"{number}")) for number in range(5)), return_exceptions=True)
    assert all(isinstance(one, ModelUnavailable) for one in done)
    assert (model.opened, model.requests) == (1, [])


async def test_the_record_names_every_answer_that_was_used(bench: Bench, tmp_path: Path) -> None:
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
