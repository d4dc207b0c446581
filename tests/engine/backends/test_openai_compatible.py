"""OpenAI-compatible addresses over real HTTP: completions, refusals, ignored parameters."""

from __future__ import annotations

import asyncio
import math
import random
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request, Settings
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.cache.disk import ResponseCache
from promptwire.errors import ModelError, ModelUnavailable, TransientError, Unsupported
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits
from promptwire.values import Message
from tests.endpoint_failures import FAILURES
from tests.openai_server import Fault, Server, refused, throttled

CHAT = (Message(role="user", content="How are you?"),)
GENERATE = Request("generate", CHAT)
CHOOSE = Request("choose", prompt="A sentence. Topic:", options=("sports", "food"))
SCORE = Request("logprob", prompt="The cat", options=(" sat down",))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().running() as server:
        yield server


@pytest.fixture
async def model(server: Server) -> AsyncIterator[OpenAICompatible]:
    model = OpenAICompatible("m", server.url)
    await model.open()
    yield model
    await model.close()


def said(answers: list[Any]) -> list[str]:
    return [answer.text for answer in answers]


async def test_a_request_ends_at_the_given_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        model = OpenAICompatible("m", f"http://127.0.0.1:{silent.getsockname()[1]}/v1", timeout=0.05)
        await model.open()
        with pytest.raises(TransientError, match=r"within 0\.05 seconds"):
            await model.call(GENERATE, keys=["k"])
        await model.close()


# What it gives


async def test_a_chat_returns_one_completion_per_key(server: Server, model: OpenAICompatible) -> None:
    answers = await model.call(GENERATE, keys=["a", "b", "c"])
    assert said(answers) == ["reply 0", "reply 1", "reply 2"]
    assert server.paths == ["/v1/chat/completions"]
    assert server.requests[0]["n"] == 3
    assert (answers[0].tokens_in, sum(answer.tokens_out for answer in answers)) == (3, 6)
    assert answers[0].usd is None


async def test_a_prompt_without_messages_uses_the_completions_route(server: Server, model: OpenAICompatible) -> None:
    assert said(await model.call(Request("generate", prompt="Once upon"), keys=["a"])) == ["reply 0"]
    assert server.paths == ["/v1/completions"]


async def test_only_random_requests_have_a_seed_from_the_key(server: Server, model: OpenAICompatible) -> None:
    for key in ("a", "b", "a"):
        await model.call(GENERATE, keys=[key])
    await model.call(Request("generate", CHAT, settings=Settings(temperature=0)), keys=["a"])
    seeds = [request.get("seed") for request in server.requests]
    assert seeds[0] == seeds[2] != seeds[1]
    assert seeds[3] is None


async def test_infill_sends_the_suffix(server: Server, model: OpenAICompatible) -> None:
    request = Request("infill", prompt="I told him to ", suffix=" and he did.")
    for _ in range(2):
        (answer,) = await model.call(request, keys=["a"])
    assert (answer.text, answer.via) == ("reply 0", "suffix")
    assert [request.get("max_tokens") for request in server.requests] == [1, None, None]


@pytest.mark.parametrize("request_", [CHOOSE, Request("choose", CHAT, options=("sports", "food"))])
@pytest.mark.parametrize("legacy", [True, False])
async def test_label_probabilities_sum_to_one(server: Server, model: OpenAICompatible, request_: Request, legacy: bool) -> None:
    server.top = {" sports": math.log(0.2), " food": math.log(0.6), " the": math.log(0.1)}
    server.legacy = legacy
    (answer,) = await model.call(request_, keys=["a"])
    assert [math.exp(weight) for weight in answer.weights] == pytest.approx([0.25, 0.75])


async def test_a_given_answer_is_scored_by_its_own_tokens(server: Server, model: OpenAICompatible) -> None:
    (answer,) = await model.call(SCORE, keys=["a"])
    assert answer.weights == (-4.0, -5.0)
    assert server.requests[0]["max_tokens"] == 0


# What it refuses, and can be done without


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("seed", "Extra inputs are not permitted: seed"),
        ("n", "Parameter 'n' must be 1"),
        ("max_tokens", "use max_completion_tokens"),
    ],
)
async def test_a_parameter_that_is_refused_by_name_is_left_out_later(
    server: Server, model: OpenAICompatible, field: str, message: str
) -> None:
    server.refuses = {field: message}
    request = Request("generate", CHAT, settings=Settings(max_tokens=5))
    assert said(await model.call(request, keys=["a", "b"]))[0] == "reply 0"
    await model.call(request, keys=["a", "b"])
    assert [field in sent for sent in server.requests] == [True, False, False]
    if field == "max_tokens":
        assert server.requests[1]["max_completion_tokens"] == 5


async def test_requests_that_are_refused_together_all_succeed(server: Server, model: OpenAICompatible) -> None:
    server.refuses = {"seed": "unknown field seed"}
    server.latency = 0.01
    answers = await asyncio.gather(*(model.call(GENERATE, keys=[f"{number}"]) for number in range(10)))
    assert len(answers) == 10
    assert len(server.requests) == 20


async def test_fewer_candidates_are_requested_when_twenty_are_refused(server: Server, model: OpenAICompatible) -> None:
    server.top = {" sports": -1.0, " food": -1.0}
    server.faults = [refused("logprobs must be at most 5")]
    await model.call(CHOOSE, keys=["a"])
    assert [request["logprobs"] for request in server.requests] == [20, 5]


async def test_one_token_is_requested_when_zero_is_refused(server: Server, model: OpenAICompatible) -> None:
    server.faults = [refused("max_tokens must be at least 1")]
    assert (await model.call(SCORE, keys=["a"]))[0].weights == (-4.0, -5.0)
    assert [request["max_tokens"] for request in server.requests] == [0, 1]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (CHOOSE, "logprobs are not supported"),
        (SCORE, "echo and logprobs at the same time"),
        (Request("infill", prompt="p", suffix="s"), "no suffix"),
    ],
)
async def test_a_refused_parameter_that_is_needed_is_unsupported(
    server: Server, model: OpenAICompatible, request_: Request, message: str
) -> None:
    server.storm = lambda number, body: refused(message)
    with pytest.raises(Unsupported, match=message):
        await model.call(request_, keys=["a"])
    assert len(server.requests) <= 2


# What it silently ignores


async def test_an_ignored_n_gives_one_completion_and_no_copies(server: Server, model: OpenAICompatible) -> None:
    server.ignores = {"n"}
    assert said(await model.call(GENERATE, keys=["a", "b", "c"])) == ["reply 0"]
    assert not model.batches


@pytest.mark.parametrize(
    ("ignored", "request_", "problem"),
    [
        ("echo", SCORE, "log-probability of a given answer|ignores `echo`"),
        ("logprobs", CHOOSE, "no log-probabilities"),
        ("suffix", Request("infill", prompt="p", suffix="s"), "ignores the text after a gap: it read 1 tokens"),
        ("usage", Request("infill", prompt="p", suffix="s"), "does not report how many tokens"),
    ],
)
async def test_an_ignored_parameter_is_unsupported(
    server: Server, model: OpenAICompatible, ignored: str, request_: Request, problem: str
) -> None:
    server.ignores = {ignored}
    server.top = {" sports": -1.0, " food": -1.0}
    with pytest.raises(Unsupported, match=problem):
        await model.call(request_, keys=["a"])


async def test_a_label_that_is_not_listed_gets_no_silent_zero(server: Server, model: OpenAICompatible) -> None:
    server.top = {" sports": -0.1, " the": -3.0}
    (sure,) = await model.call(CHOOSE, keys=["a"])
    assert sure.weights[0] > math.log(0.9) and sum(map(math.exp, sure.weights)) == pytest.approx(1)
    server.top = {" {": -0.1, " the": -3.0}
    (lost,) = await model.call(CHOOSE, keys=["a"])
    assert (lost.weights, lost.via) == ((), "labels not listed")
    assert "'sports' is not among the 2 likeliest tokens" in lost.text


def test_unsupported_kinds_of_a_chat_are_known_without_a_request() -> None:
    model = OpenAICompatible("m", "http://127.0.0.1:9/v1")
    assert "mode: completion" in model.supports("logprob", chat=True)
    assert "mode: completion" in model.supports("infill", chat=True)
    assert [model.supports(kind, chat=False) for kind in ("generate", "infill", "choose", "logprob")] == [""] * 4


# How it fails


@pytest.mark.parametrize(("fault", "error"), FAILURES)
async def test_each_failure_raises_its_error_after_one_request(
    server: Server, model: OpenAICompatible, fault: Fault, error: type[ModelError]
) -> None:
    server.faults = [fault]
    with pytest.raises(error) as caught:
        await model.call(GENERATE, keys=["a"])
    assert type(caught.value) is error
    assert len(server.requests) == 1
    assert said(await model.call(GENERATE, keys=["a"])) == ["reply 0"]


async def test_the_requested_wait_is_in_the_error(server: Server, model: OpenAICompatible) -> None:
    server.faults = [throttled(17)]
    with pytest.raises(TransientError) as caught:
        await model.call(GENERATE, keys=["a"])
    assert (caught.value.retry_after, caught.value.throttled) == (17, True)


async def test_a_refusal_by_a_content_filter_is_a_completion(server: Server, model: OpenAICompatible) -> None:
    server.faults = [refused("filtered by our content management policy")]
    (answer,) = await model.call(GENERATE, keys=["a"])
    assert (answer.text, answer.finish) == ("", "content_filter")


async def test_a_key_is_sent_and_never_shown(server: Server) -> None:
    server.key = "sk-right-0123456789"
    right, wrong = (
        OpenAICompatible("m", server.url, key=server.key),
        OpenAICompatible("m", server.url, key="sk-wrong-0123456789"),
    )
    for model in (right, wrong):
        await model.open()
    assert said(await right.call(GENERATE, keys=["a"])) == ["reply 0"]
    with pytest.raises(ModelUnavailable) as caught:
        await wrong.call(GENERATE, keys=["a"])
    assert "wrong-0123" not in str(caught.value)
    for model in (right, wrong):
        await model.close()


async def test_a_missing_key_is_an_error_only_when_required(server: Server, model: OpenAICompatible) -> None:
    await model.call(GENERATE, keys=["a"])
    server.key = "sk-0123456789"
    with pytest.raises(ModelUnavailable) as caught:
        await model.call(GENERATE, keys=["a"])
    assert "OPENAI_API_KEY" in caught.value.hint


async def test_a_closed_backend_sends_nothing(server: Server) -> None:
    model = OpenAICompatible("m", server.url)
    with pytest.raises(ModelUnavailable, match="closed"):
        await model.call(GENERATE, keys=["a"])


@pytest.mark.parametrize(
    "base", ["http://host:1/v1", "http://host:1/v1/", "http://user:secret@host:1/v1", "http://host:1/v1?api-key=secret"]
)
def test_the_identity_has_model_and_address_without_secrets(base: str) -> None:
    assert OpenAICompatible("m", base).identity == "m at http://host:1/v1"


# All together


async def test_many_failures_change_neither_completions_nor_cost(server: Server, tmp_path: Path) -> None:
    kinds = [
        throttled(0),
        throttled(),
        Fault("status", 500),
        Fault("reset"),
        Fault("truncated"),
        Fault("empty"),
        Fault("type"),
        Fault("status", 503),
    ]
    weather = random.Random(1)
    server.storm = lambda number, body: weather.choice(kinds) if weather.random() < 0.3 else None
    server.reply = lambda body, number: body["messages"][0]["content"].upper()

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    cache = ResponseCache(tmp_path / "cache")
    # Six tries at 30 % lose one call in 1400; more tries keep this test off that chance.
    retry = RetryPolicy(tries=12, rng=random.Random(2), sleep=sleep)
    gateway = Gateway(cache=cache, budget=Budget(Limits(calls=300)), trace=Trace.null(), retry=retry)
    model = OpenAICompatible("m", server.url, parallel=16)
    asked = [Request("generate", (Message(role="user", content=f"word {number}"),)) for number in range(300)]
    answers = await asyncio.gather(*(gateway.ask(model, request) for request in asked))
    assert [answer.text for (answer,) in answers] == [f"WORD {number}" for number in range(300)]
    assert (server.paid, gateway.usage.total.new, gateway.usage.total.failed) == (300, 300, 0)
    assert server.peak <= 16
    await gateway.close()
    assert cache.stats().rows == 300
    cache.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from promptwire.gateway.budget import Budget
from promptwire.cache.disk import ResponseCache
from promptwire.gateway.gateway import Gateway
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.backend import Request
from promptwire.gateway.trace import Trace

async def main():
    gateway = Gateway(cache=ResponseCache(Path(sys.argv[1])), budget=Budget(), trace=Trace.null())
    model = OpenAICompatible("m", sys.argv[2], parallel=4)

    async def one(number):
        await gateway.ask(model, Request("generate", prompt=f"{number}"))
        print(number, flush=True)

    await asyncio.gather(*(one(number) for number in range(200)))

asyncio.run(main())
"""


def test_after_a_kill_only_requests_in_flight_are_paid_again(tmp_path: Path) -> None:
    server = Server()
    server.latency = 0.005
    with server.beside():
        command = [sys.executable, "-c", KILLED, str(tmp_path / "cache"), server.url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(60):
            process.stdout.readline()
        process.kill()
        process.stdout.close()
        process.wait()
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        assert {request["prompt"] for request in server.requests} == {f"{number}" for number in range(200)}
        # At the kill, four requests were out, and four answers at most were on their way to the disk.
        assert 200 <= server.paid <= 208
