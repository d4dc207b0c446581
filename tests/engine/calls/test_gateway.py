"""The gateway: no question is paid twice, no paid answer is lost, no limit is passed, no error is kept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from promptwire.calls.budget import Budget
from promptwire.calls.cache import AnswerCache
from promptwire.calls.gateway import Gateway
from promptwire.calls.retrying import Retry
from promptwire.calls.trace import Trace
from promptwire.errors import (
    CacheError,
    LimitReached,
    ModelError,
    ModelUnavailable,
    PromptwireError,
    RequestRefused,
    TransientError,
    Unsupported,
    UsageError,
)
from promptwire.models.scripted import Reply, Scripted
from promptwire.request import Answer, Kind, Request, Settings
from promptwire.steps import Limits


class Bench:
    """Gateways over one cache, with a clock that stands still."""

    def __init__(self, folder: Path) -> None:
        self.cache = AnswerCache(folder)
        self.waits: list[float] = []
        self.retry: dict[str, Any] = {}
        self.made: list[Gateway] = []

    def gateway(self, limits: Limits | None = None, **more: Any) -> Gateway:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        facts: dict[str, Any] = {"cache": self.cache, "budget": Budget(limits), "trace": Trace.null(), **more}
        gateway = Gateway(retry=Retry(rng=random.Random(1), sleep=sleep, **self.retry), **facts)
        self.made.append(gateway)
        return gateway


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path / "cache")
    yield bench
    for gateway in bench.made:
        await gateway.close()
    bench.cache.close()


def question(text: str = "q", kind: Kind = "generate", temperature: float = 1.0) -> Request:
    return Request(kind, prompt=text, options=("yes", "no"), settings=Settings(temperature=temperature))


def counter() -> Reply:
    """Says how often it was asked before."""
    asked = iter(range(10**6))
    return lambda request, key: f"{next(asked)}"


def failing(errors: list[PromptwireError], then: str = "fine") -> Reply:
    def reply(request: Request, key: str) -> str:
        if errors:
            raise errors.pop(0)
        return then

    return reply


def texts(answers: tuple[Answer, ...]) -> list[str]:
    return [answer.text for answer in answers]


class Gate:
    """Replies only when it is opened."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        await self.event.wait()


async def settle(done: Callable[[], bool] = lambda: False) -> None:
    for _ in range(50):
        if done():
            return
        await asyncio.sleep(0)


# Never twice


async def test_samples_are_rows_of_their_own_and_more_samples_cost_only_what_is_missing(bench: Bench) -> None:
    model = Scripted(counter())
    assert texts(await bench.gateway().ask(model, question(), n=8)) == [f"{number}" for number in range(8)]
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question(), n=12, node="a")) == [f"{number}" for number in range(12)]
    assert texts(await gateway.ask(model, question(), n=5, first=3, node="b")) == ["3", "4", "5", "6", "7"]
    assert (gateway.tally.of("a").new, gateway.tally.of("a").cached) == (4, 8)
    assert (gateway.tally.of("b").new, gateway.tally.of("b").cached) == (0, 5)


async def test_a_run_from_the_cache_opens_nothing(bench: Bench) -> None:
    await bench.gateway().ask(Scripted(counter(), name="m"), question())
    model = Scripted(counter(), name="m")
    await bench.gateway().ask(model, question())
    assert (model.opened, model.requests) == (0, [])


async def test_a_backend_is_opened_once_however_many_ask_at_once(bench: Bench) -> None:
    model = Scripted(counter())
    gateway = bench.gateway()
    await asyncio.gather(*(gateway.ask(model, question(f"{number}")) for number in range(20)))
    assert model.opened == 1


async def test_the_same_question_at_once_is_asked_once_and_the_second_counts_as_cached(bench: Bench) -> None:
    gate = Gate()
    model = Scripted(counter(), latency=1.0, sleep=gate)
    gateway = bench.gateway()
    asking = [asyncio.create_task(gateway.ask(model, question(), node=f"{number}")) for number in range(3)]
    await settle()
    gate.event.set()
    assert {texts(answers)[0] for answers in await asyncio.gather(*asking)} == {"0"}
    assert len(model.requests) == 1
    assert (gateway.tally.total.new, gateway.tally.total.cached) == (1, 2)


async def test_a_random_question_is_asked_anew_in_another_stream_and_a_certain_one_is_not(bench: Bench) -> None:
    model, gateway = Scripted(counter()), bench.gateway()
    for stream in ("0/1", "0/2"):
        await gateway.ask(model, question("random"), stream=stream)
        await gateway.ask(model, question("certain", temperature=0.0), stream=stream)
    assert [request.prompt for request in model.requests] == ["random", "certain", "random"]


async def test_what_is_stored_is_what_is_used(bench: Bench) -> None:
    first, second = bench.gateway(), bench.gateway()
    gate = Gate()
    slow, fast = Scripted(lambda *_: "slow", latency=1, sleep=gate, name="m"), Scripted(lambda *_: "fast", name="m")
    asking = asyncio.create_task(first.ask(slow, question()))
    await settle(lambda: bool(slow.requests))
    assert texts(await second.ask(fast, question())) == ["fast"]
    gate.event.set()
    assert texts(await asking) == ["fast"]


# Policies


async def test_refresh_asks_everything_once_and_only_once(bench: Bench) -> None:
    model = Scripted(counter())
    await bench.gateway().ask(model, question())
    gateway = bench.gateway(policy="refresh")
    assert texts(await gateway.ask(model, question())) == ["1"]
    assert texts(await gateway.ask(model, question())) == ["1"]
    assert texts(await bench.gateway().ask(model, question())) == ["1"]


async def test_only_replays_and_a_miss_is_an_error_that_names_the_step(bench: Bench) -> None:
    model = Scripted(counter())
    await bench.gateway().ask(model, question("known"))
    gateway = bench.gateway(policy="only")
    assert texts(await gateway.ask(model, question("known"))) == ["0"]
    with pytest.raises(CacheError, match=r"search\.expand: the cache holds no answer") as caught:
        await gateway.ask(model, question("new"), node="search.expand")
    assert "--cache only" in caught.value.hint
    assert len(model.requests) == 1


async def test_more_samples_than_anybody_can_use_are_refused_before_they_fill_the_memory(bench: Bench) -> None:
    model = Scripted(counter())
    with pytest.raises(UsageError, match="1,000,000,000 samples"):
        await bench.gateway().ask(model, question(), n=10**9)
    assert model.requests == []


async def test_off_neither_reads_nor_writes(bench: Bench) -> None:
    model = Scripted(counter())
    await bench.gateway().ask(model, question())
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question(), policy="off")) == ["1"]
    assert texts(await gateway.ask(model, question())) == ["0"]
    without = bench.gateway(cache=None)
    assert texts(await without.ask(model, question())) == ["2"]


async def test_what_a_filter_stopped_is_kept_but_not_replayed_in_another_run(bench: Bench) -> None:
    replies = [Answer(finish="content_filter"), Answer("an answer")]
    model = Scripted(lambda request, key: replies.pop(0))
    gateway = bench.gateway()
    assert (await gateway.ask(model, question()))[0].finish == "content_filter"
    assert (await gateway.ask(model, question()))[0].finish == "content_filter"
    assert (await bench.gateway(policy="only").ask(model, question()))[0].finish == "content_filter"
    assert texts(await bench.gateway().ask(model, question())) == ["an answer"]
    assert texts(await bench.gateway().ask(model, question())) == ["an answer"]


# Batches


async def test_missing_samples_go_in_one_request_if_the_backend_batches(bench: Bench) -> None:
    model = Scripted(counter(), batches=True)
    gateway = bench.gateway()
    await gateway.ask(model, question(), n=2)
    assert texts(await gateway.ask(model, question(), n=6)) == [f"{number}" for number in range(6)]
    assert (len(model.requests), gateway.tally.total.requests, gateway.tally.total.new) == (2, 2, 6)


class Stingy(Scripted):
    """Gives fewer answers than asked for."""

    def __init__(self, gives: int, *, learns: bool) -> None:
        super().__init__(counter(), batches=True)
        self.gives = gives
        self.learns = learns

    async def call(self, request: Request, *, keys: Any) -> list[Answer]:
        answers = await super().call(request, keys=keys[: self.gives])
        self.batches = self.batches and not self.learns
        return answers


@pytest.mark.parametrize(("gives", "learns", "requests"), [(1, False, 5), (2, False, 3), (1, True, 5)])
async def test_an_endpoint_that_ignores_n_is_asked_for_the_rest(bench: Bench, gives: int, learns: bool, requests: int) -> None:
    model = Stingy(gives, learns=learns)
    answers = await bench.gateway().ask(model, question(), n=5)
    assert sorted(texts(answers)) == ["0", "1", "2", "3", "4"]
    assert len(model.requests) == requests


async def test_an_endpoint_that_gives_nothing_is_tried_as_often_as_a_failing_one(bench: Bench) -> None:
    model = Stingy(0, learns=False)
    with pytest.raises(TransientError, match="no answer"):
        await bench.gateway().ask(model, question(), n=3)
    assert len(model.requests) == 6


async def test_samples_that_came_before_the_failure_are_kept(bench: Bench) -> None:
    asked = iter(range(100))

    def reply(request: Request, key: str) -> str:
        number = next(asked)
        if number == 2:
            raise RequestRefused("no more")
        return f"{number}"

    model = Stingy(1, learns=False)
    model._reply = reply
    gateway = bench.gateway(Limits(calls=4))
    with pytest.raises(RequestRefused):
        await gateway.ask(model, question(), n=4)
    total = gateway.tally.total
    assert (total.new, total.failed) == (2, 2)
    assert texts(await gateway.ask(model, question(), n=4)) == ["0", "1", "3", "4"]


# Retry


async def test_a_passing_error_is_tried_again_and_is_not_kept(bench: Bench) -> None:
    model = Scripted(failing([TransientError("down"), TransientError("busy", retry_after=7, throttled=True)]))
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question())) == ["fine"]
    assert len(bench.waits) == 2 and 7 <= bench.waits[1] <= 8
    assert (gateway.tally.total.requests, gateway.tally.total.new, gateway.tally.total.failed) == (3, 1, 0)


async def test_it_is_given_up_after_six_tries_and_can_be_asked_again(bench: Bench) -> None:
    model = Scripted(failing([TransientError("down") for _ in range(6)]))
    gateway = bench.gateway()
    with pytest.raises(TransientError, match="down"):
        await gateway.ask(model, question(), node="a")
    assert gateway.tally.of("a").failed == 1
    assert texts(await gateway.ask(model, question(), node="a")) == ["fine"]


async def test_an_address_that_never_could_be_connected_to_is_given_up_sooner(bench: Bench) -> None:
    def reply(request: Request, key: str) -> str:
        if request.prompt == "works":
            return "fine"
        raise TransientError("no connection") from ConnectionRefusedError()

    model, gateway = Scripted(reply), bench.gateway()
    with pytest.raises(TransientError):
        await gateway.ask(model, question("one"))
    assert len(model.requests) == 3
    await gateway.ask(model, question("works"))
    with pytest.raises(TransientError):
        await gateway.ask(model, question("two"))
    assert len(model.requests) == 3 + 1 + 6


@pytest.mark.parametrize("error", [RequestRefused("bad parameter"), ModelUnavailable("wrong key"), Unsupported("no logprobs")])
async def test_an_error_that_stays_fails_at_once_and_names_the_step(bench: Bench, error: ModelError) -> None:
    model = Scripted(failing([error]))
    with pytest.raises(type(error), match=f"search: {error.problem}"):
        await bench.gateway().ask(model, question(), node="search")
    assert bench.waits == []


async def test_no_wait_outlasts_the_time_that_is_left(bench: Bench) -> None:
    model = Scripted(failing([TransientError("busy", retry_after=100)]))
    with pytest.raises(TransientError):
        await bench.gateway(Limits(seconds=50)).ask(model, question())
    assert bench.waits == []


async def test_a_request_that_hangs_ends_with_the_time_that_is_left(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.calls.courier._GRACE", -59.9)  # a slow machine has a minute to come as far as asking
    model = Scripted(lambda request, key: "late", latency=3600.0)
    gateway = bench.gateway(Limits(seconds=60))
    with pytest.raises(LimitReached, match="seconds"):
        await gateway.ask(model, question())
    assert (len(model.requests), gateway.tally.of("").failed) == (1, 0)


async def test_a_try_that_takes_too_long_is_made_again_and_is_no_answer(bench: Bench) -> None:
    slow = Scripted(lambda request, key: "late", latency=3600.0)
    bench.retry = {"tries": 2, "timeout": 0.05}
    with pytest.raises(TransientError, match=r"scripted gave no answer within 0.05 seconds") as caught:
        await bench.gateway(Limits(seconds=60)).ask(slow, question())
    assert "--timeout" in caught.value.hint
    assert len(slow.requests) == 2


async def test_a_fault_in_a_backend_is_one_of_our_errors(bench: Bench) -> None:
    def reply(request: Request, key: str) -> str:
        raise ZeroDivisionError("oh")

    with pytest.raises(ModelError, match="scripted failed: ZeroDivisionError: oh"):
        await bench.gateway().ask(Scripted(reply), question())


async def test_a_key_never_shows_in_an_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123")
    model = Scripted(failing([RequestRefused("bad key sk-planted-0123", hint="not sk-planted-0123")]))
    with pytest.raises(RequestRefused) as caught:
        await bench.gateway().ask(model, question())
    assert "planted" not in f"{caught.value} {caught.value.args}"


# Limits


async def test_calls_never_pass_the_limit_and_those_asked_first_come_first(bench: Bench) -> None:
    model = Scripted(counter())
    gateway = bench.gateway(Limits(calls=7))
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"), node="n")) for number in range(10)]
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert [isinstance(one, LimitReached) for one in done] == [False] * 7 + [True] * 3
    assert len(model.requests) == 7
    assert str(done[9]).startswith("n: the limit of 7 calls is reached")


async def test_cached_answers_cost_no_budget_and_failed_calls_give_it_back(bench: Bench) -> None:
    gateway = bench.gateway(Limits(calls=1))
    with pytest.raises(RequestRefused):
        await gateway.ask(Scripted(failing([RequestRefused("no")])), question())
    await gateway.ask(Scripted(counter()), question())
    await gateway.ask(Scripted(counter()), question())
    with pytest.raises(LimitReached):
        await gateway.ask(Scripted(counter()), question("other"))


async def test_no_more_requests_are_out_than_the_backend_can_use(bench: Bench) -> None:
    model = Scripted(counter(), parallel=3, latency=1, sleep=lambda seconds: asyncio.sleep(0))
    gateway = bench.gateway()
    await asyncio.gather(*(gateway.ask(model, question(f"{number}"), n=2) for number in range(10)))
    assert model.peak == 3


async def test_what_a_model_can_not_do_is_refused_before_anything_is_spent(bench: Bench) -> None:
    class Plain(Scripted):
        def supports(self, kind: Kind, *, chat: bool) -> str:
            return "" if kind == "generate" else "it can't"

    gateway = bench.gateway(Limits(calls=1))
    model = Plain(counter())
    with pytest.raises(Unsupported, match="n: it can't"):
        await gateway.ask(model, question(kind="choose"), node="n")
    await gateway.ask(model, question())


# Nothing is lost


async def test_a_cancelled_question_that_is_out_is_still_answered_and_kept(bench: Bench) -> None:
    gate = Gate()
    model = Scripted(counter(), latency=1, sleep=gate)
    gateway = bench.gateway()
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"))) for number in range(9)]
    await settle(lambda: len(model.requests) == 9)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    gate.event.set()
    await gateway.drain()
    assert bench.cache.stats().rows == 9
    assert gateway.tally.total.new == 9


async def test_a_cancelled_question_that_is_not_out_is_called_off_and_costs_nothing(bench: Bench) -> None:
    gate = Gate()
    model = Scripted(counter(), latency=1, sleep=gate, parallel=2)
    gateway = bench.gateway(Limits(calls=9))
    asking = [asyncio.create_task(gateway.ask(model, question(f"{number}"))) for number in range(9)]
    await settle(lambda: len(model.requests) == 2)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    gate.event.set()
    await gateway.drain()
    assert len(model.requests) == 2
    assert texts(await gateway.ask(model, question("8"))) == ["2"]


async def test_cancelling_one_of_two_that_wait_leaves_the_other_its_answer(bench: Bench) -> None:
    gate = Gate()
    model = Scripted(counter(), latency=1, sleep=gate)
    gateway = bench.gateway()
    first = asyncio.create_task(gateway.ask(model, question()))
    second = asyncio.create_task(gateway.ask(model, question()))
    await settle(lambda: bool(model.requests))
    first.cancel()
    await settle()
    gate.event.set()
    assert texts(await second) == ["0"]


async def test_a_cancelled_question_is_not_tried_again(bench: Bench) -> None:
    gate = Gate()
    model = Scripted(failing([TransientError("down")]), latency=1, sleep=gate)
    gateway = bench.gateway()
    asking = asyncio.create_task(gateway.ask(model, question()))
    await settle(lambda: bool(model.requests))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    gate.event.set()
    await gateway.drain()
    assert len(model.requests) == 1


async def test_an_answer_that_can_not_be_stored_is_an_error_and_is_not_forgotten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError("no space left on device")

    gateway = bench.gateway()
    with monkeypatch.context() as patch:
        patch.setattr(bench.cache._cache, "transact", full)
        with pytest.raises(CacheError, match="no space left"):
            await gateway.ask(Scripted(counter()), question())
        with pytest.raises(CacheError, match="a paid answer could not be kept"):
            await gateway.drain()
    await gateway.drain()
    assert texts(await bench.gateway(policy="only").ask(Scripted(counter()), question())) == ["0"]


async def test_a_record_that_can_not_be_written_loses_no_answer(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    gateway = bench.gateway(trace=Trace(tmp_path / "file"))
    with pytest.raises(PromptwireError, match="record can't be written"):
        await gateway.ask(Scripted(counter()), question())
    assert texts(await bench.gateway(policy="only").ask(Scripted(counter()), question())) == ["0"]


# The end


async def test_closing_waits_closes_what_was_opened_and_takes_nothing_more(bench: Bench) -> None:
    gate = Gate()
    used, unused = Scripted(counter(), latency=1, sleep=gate, name="used"), Scripted(counter(), name="unused")
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
    class Broken(Scripted):
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
    model = Scripted(failing([TransientError("down")]))
    await gateway.ask(model, question(), n=2, node="a")
    await gateway.ask(model, question(), node="b")
    trace.close()
    assert sorted(events) == ["request", "request", "retry"]
    lines = (tmp_path / "run" / "calls.jsonl").read_text().splitlines()
    assert [('"path":"a"' in line, '"new":true' in line) for line in lines] == [(True, True)] * 2 + [(False, False)]
