"""All costs of a reply are counted, also of surplus choices and of replies without a completion."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from promptwire.backend import Backend, Completion, Request
from promptwire.backends.litellm_backend import LiteLLMBackend
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import LimitReached, TransientError, Unsupported
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.limits import Limits
from promptwire.values import Message
from tests.openai_server import Server, saying

CHAT = (Message(role="user", content="How are you?"),)
GENERATE = Request("generate", CHAT)
CHOOSE = Request("choose", prompt="A sentence. Topic:", options=("sports", "food"))
SCORE = Request("logprob", prompt="The cat", options=(" sat down",))
USAGE = {"prompt_tokens": 30, "completion_tokens": 70, "total_tokens": 100, "cost": 0.25}


def reply(*texts: Any, **more: Any) -> dict[str, Any]:
    choices = [{"index": place, "message": {"content": text}, "finish_reason": "stop"} for place, text in enumerate(texts)]
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": USAGE, **more}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().running() as server:
        yield server


def gateway(limits: Limits | None = None) -> tuple[Gateway, Budget]:
    budget = Budget(limits)
    retry = RetryPolicy(rng=random.Random(1), sleep=lambda seconds: asyncio.sleep(0))
    return Gateway(cache=None, budget=budget, trace=Trace.null(), retry=retry), budget


async def spent(model: Backend, request: Request, n: int = 1) -> tuple[int, float | None]:
    """Tokens and dollars in the budget and in the usage, which must be equal."""
    gate, budget = gateway()
    try:
        await gate.ask(model, request, n=n, node="step")
    except Unsupported:
        pass
    finally:
        await gate.close()
    count = gate.usage.of("step")
    assert budget.spent.tokens == count.tokens_in + count.tokens_out
    assert budget.spent.usd == pytest.approx(count.priced)
    return count.tokens_in + count.tokens_out, count.usd


@pytest.mark.parametrize("n", [1, 2, 3])
async def test_surplus_choices_are_charged(server: Server, n: int) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 340, "cost": 17.0}
    server.faults = [saying(reply(*"abcdefghijklmnopq", usage=usage))]
    assert await spent(OpenAICompatible("m", server.url), GENERATE, n) == (350, pytest.approx(17.0))
    assert len(server.requests) == 1


BROKEN: dict[str, dict[str, Any]] = {
    "no choices": reply(),
    "choices of another type": reply(choices={"a": 1}),
    "no text": reply(5),
    "one of two without text": reply("a", 5),
    "an answer that broke off": reply(choices=[{"message": {"content": "a"}, "error": {"message": "gone"}}]),
    "a price and no tokens": reply(usage={"cost": 0.25}),
    "tokens of thoughts that only the total counts": reply(usage={**USAGE, "completion_tokens": 1}),
}


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("kind", BROKEN)
async def test_replies_without_a_completion_are_charged_with_the_next(server: Server, kind: str, status: int) -> None:
    server.faults = [saying(BROKEN[kind], status), saying(BROKEN[kind], status), saying(reply("fine", "fine"))]
    tokens = 0 if "no tokens" in kind else 100
    assert await spent(OpenAICompatible("m", server.url), GENERATE, 2) == (2 * tokens + 100, pytest.approx(0.75))
    assert len(server.requests) == 3


@pytest.mark.parametrize("body", ["text", None, [1], {}, {"usage": "see the docs"}, {"usage": {"prompt_tokens": -5}}])
async def test_replies_without_a_cost_charge_nothing(server: Server, body: Any) -> None:
    server.faults = [saying(body), saying(reply("fine"))]
    assert await spent(OpenAICompatible("m", server.url), GENERATE) == (100, pytest.approx(0.25))


@pytest.mark.parametrize("request_", [CHOOSE, SCORE])
async def test_a_reply_without_log_probabilities_is_charged(server: Server, request_: Request) -> None:
    server.ignores = {"logprobs", "echo"}
    tokens, usd = await spent(OpenAICompatible("m", server.url), request_)
    assert (tokens > 0, usd) == (True, None)


async def test_the_suffix_test_is_charged(server: Server) -> None:
    tokens, _ = await spent(OpenAICompatible("m", server.url), Request("infill", prompt="He ", suffix=" so."))
    assert tokens == (41 + 2) + (2 + 2)


async def test_surplus_completions_of_a_plug_in_are_charged() -> None:
    class Lavish(ScriptedBackend):
        async def call(self, request: Request, *, keys: Any) -> list[Completion]:
            return [Completion("a", tokens_in=1, tokens_out=2, usd=0.5)] * 4

    assert await spent(Lavish(lambda request, key: "a", name="m"), GENERATE) == (12, 2.0)


@pytest.mark.parametrize("limits", [Limits(usd=1.0), Limits(tokens=400)])
async def test_replies_without_a_completion_end_a_run_at_its_limit(server: Server, limits: Limits) -> None:
    server.storm = lambda number, body: saying(BROKEN["no text"])
    gate, budget = gateway(limits)
    with pytest.raises(LimitReached):
        await gate.ask(OpenAICompatible("m", server.url), GENERATE, node="step")
    await gate.close()
    assert len(server.requests) == 4
    assert budget.spent.usd == pytest.approx(0.25 * len(server.requests))


async def test_without_a_limit_all_retries_are_made_and_charged(server: Server) -> None:
    server.storm = lambda number, body: saying(BROKEN["no text"])
    gate, budget = gateway()
    with pytest.raises(TransientError):
        await gate.ask(OpenAICompatible("m", server.url), GENERATE, node="step")
    await gate.close()
    assert (budget.spent.tokens, budget.spent.usd, budget.spent.calls) == (600, 1.5, 0)


@pytest.mark.filterwarnings("ignore")
async def test_all_costs_of_litellms_replies_are_counted(server: Server) -> None:
    model = LiteLLMBackend("openai/m", api_base=server.url)
    usage = {"prompt_tokens": 10, "completion_tokens": 340, "total_tokens": 350}
    server.faults = [saying(reply(*"abcdefghijklmnopq", usage=usage))]
    assert await spent(model, GENERATE, 2) == (350, None)
