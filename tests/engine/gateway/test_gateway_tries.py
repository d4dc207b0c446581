"""Gateway: batches, missing samples and retries."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import (
    LimitReached,
    ModelError,
    ModelUnavailable,
    PromptwireError,
    RequestRefused,
    TransientError,
    Unsupported,
)
from promptwire.gateway.budget import Budget
from promptwire.limits import Limits
from tests.engine.gateway.gateway_bench import Bench, Latch, counter, failing, question, settle, texts


async def test_a_batching_backend_gets_missing_samples_in_one_request(bench: Bench) -> None:
    model = ScriptedBackend(counter(), batches=True)
    gateway = bench.gateway()
    await gateway.ask(model, question(), n=2)
    assert texts(await gateway.ask(model, question(), n=6)) == [f"{number}" for number in range(6)]
    assert (len(model.requests), gateway.usage.total.requests, gateway.usage.total.new) == (2, 2, 6)


class Stingy(ScriptedBackend):
    """Returns fewer completions than requested."""

    def __init__(self, gives: int, *, learns: bool) -> None:
        super().__init__(counter(), batches=True)
        self.gives = gives
        self.learns = learns

    async def call(self, request: Request, *, keys: Any) -> list[Completion]:
        answers = await super().call(request, keys=keys[: self.gives])
        self.batches = self.batches and not self.learns
        return answers


@pytest.mark.parametrize(("gives", "learns", "requests"), [(1, False, 5), (2, False, 3), (1, True, 5)])
async def test_missing_samples_are_requested_again_when_n_is_ignored(
    bench: Bench, gives: int, learns: bool, requests: int
) -> None:
    model = Stingy(gives, learns=learns)
    answers = await bench.gateway().ask(model, question(), n=5)
    assert sorted(texts(answers)) == ["0", "1", "2", "3", "4"]
    assert len(model.requests) == requests


async def test_an_empty_response_is_retried_like_an_error(bench: Bench) -> None:
    model = Stingy(0, learns=False)
    with pytest.raises(TransientError, match="no answer"):
        await bench.gateway().ask(model, question(), n=3)
    assert len(model.requests) == 6


async def test_samples_before_a_failure_are_stored(bench: Bench) -> None:
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
    total = gateway.usage.total
    assert (total.new, total.failed) == (2, 2)
    assert texts(await gateway.ask(model, question(), n=4)) == ["0", "1", "3", "4"]


async def test_a_transient_error_is_retried_and_not_stored(bench: Bench) -> None:
    model = ScriptedBackend(failing([TransientError("down"), TransientError("busy", retry_after=7, throttled=True)]))
    gateway = bench.gateway()
    assert texts(await gateway.ask(model, question())) == ["fine"]
    assert len(bench.waits) == 2 and 7 <= bench.waits[1] <= 8
    assert (gateway.usage.total.requests, gateway.usage.total.new, gateway.usage.total.failed) == (3, 1, 0)


async def test_a_call_fails_after_six_tries_and_can_be_repeated(bench: Bench) -> None:
    model = ScriptedBackend(failing([TransientError("down") for _ in range(6)]))
    gateway = bench.gateway()
    with pytest.raises(TransientError, match="down"):
        await gateway.ask(model, question(), node="a")
    assert gateway.usage.of("a").failed == 1
    assert texts(await gateway.ask(model, question(), node="a")) == ["fine"]


async def test_an_address_that_never_connected_fails_after_three_tries(bench: Bench) -> None:
    def reply(request: Request, key: str) -> str:
        if request.prompt == "works":
            return "fine"
        raise TransientError("no connection") from ConnectionRefusedError()

    model, gateway = ScriptedBackend(reply), bench.gateway()
    with pytest.raises(TransientError):
        await gateway.ask(model, question("one"))
    assert len(model.requests) == 3
    await gateway.ask(model, question("works"))
    with pytest.raises(TransientError):
        await gateway.ask(model, question("two"))
    assert len(model.requests) == 3 + 1 + 6


@pytest.mark.parametrize("error", [RequestRefused("bad parameter"), ModelUnavailable("wrong key"), Unsupported("no logprobs")])
async def test_a_permanent_error_fails_at_once_and_names_the_step(bench: Bench, error: ModelError) -> None:
    model = ScriptedBackend(failing([error]))
    with pytest.raises(type(error), match=f"search: {error.problem}"):
        await bench.gateway().ask(model, question(), node="search")
    assert bench.waits == []


async def test_no_retry_waits_past_the_time_limit(bench: Bench) -> None:
    model = ScriptedBackend(failing([TransientError("busy", retry_after=100)]))
    with pytest.raises(TransientError):
        await bench.gateway(Limits(seconds=50)).ask(model, question())
    assert bench.waits == []


async def test_a_request_that_no_step_waits_for_any_more_does_not_wait_for_its_next_try(bench: Bench) -> None:
    latch = Latch()
    errors: list[PromptwireError] = [TransientError("busy", retry_after=250, throttled=True) for _ in range(2)]
    model = ScriptedBackend(failing(errors), latency=1.0, sleep=latch)
    gateway = bench.gateway()
    asking = [asyncio.create_task(gateway.ask(model, question(f"{n}"))) for n in range(2)]
    await settle(lambda: len(model.requests) == 2)
    for one in asking:
        one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    latch.event.set()
    await gateway.drain()
    assert (bench.waits, len(model.requests)) == ([], 2)


async def test_a_hanging_request_ends_with_the_time_limit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.gateway.dispatcher._GRACE", -59.9)  # a slow machine has a minute until its first call
    model = ScriptedBackend(lambda request, key: "late", latency=3600.0)
    gateway = bench.gateway(Limits(seconds=60))
    with pytest.raises(LimitReached, match="seconds"):
        await gateway.ask(model, question())
    assert (len(model.requests), gateway.usage.of("").failed) == (1, 0)


async def test_a_request_that_waits_for_its_slot_is_not_sent_after_the_time_limit(bench: Bench) -> None:
    now, latch = [0.0], Latch()
    model = ScriptedBackend(counter(), latency=1.0, sleep=latch, parallel=1)
    gateway = bench.gateway(budget=Budget(Limits(seconds=60), clock=lambda: now[0]))
    asking = [asyncio.create_task(gateway.ask(model, question(f"{n}"))) for n in range(3)]
    await settle(lambda: len(model.requests) == 1)
    now[0] = 61.0
    latch.event.set()
    first, *others = await asyncio.gather(*asking, return_exceptions=True)
    assert not isinstance(first, BaseException) and texts(first) == ["0"], "what was in flight still arrives"
    assert [type(one) for one in others] == [LimitReached] * 2 and len(model.requests) == 1


async def test_a_try_beyond_the_timeout_is_retried(bench: Bench) -> None:
    slow = ScriptedBackend(lambda request, key: "late", latency=3600.0)
    bench.retry = {"tries": 2, "timeout": 0.05}
    with pytest.raises(TransientError, match=r"scripted gave no answer within 0.05 seconds") as caught:
        await bench.gateway(Limits(seconds=60)).ask(slow, question())
    assert "--timeout" in caught.value.hint
    assert len(slow.requests) == 2


async def test_an_exception_in_a_backend_is_a_model_error(bench: Bench) -> None:
    def reply(request: Request, key: str) -> str:
        raise ZeroDivisionError("oh")

    with pytest.raises(ModelError, match="scripted failed: ZeroDivisionError: oh"):
        await bench.gateway().ask(ScriptedBackend(reply), question())


async def test_an_error_shows_no_api_key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123")
    model = ScriptedBackend(failing([RequestRefused("bad key sk-planted-0123", hint="not sk-planted-0123")]))
    with pytest.raises(RequestRefused) as caught:
        await bench.gateway().ask(model, question())
    assert "planted" not in f"{caught.value} {caught.value.args}"
