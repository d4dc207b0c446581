"""Scripted backend: supports all requests and counts them."""

from __future__ import annotations

import asyncio
import math

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.errors import ModelUnavailable
from promptwire.values import Message

CHAT = (Message(role="system", content="s"), Message(role="user", content="u"))


async def opened(model: ScriptedBackend) -> ScriptedBackend:
    await model.open()
    return model


async def test_a_reply_depends_on_request_and_key() -> None:
    model = await opened(ScriptedBackend(lambda request, key: f"{request.prompt}/{key}", batches=True))
    answers = await model.call(Request("generate", prompt="p"), keys=["a", "b"])
    assert [answer.text for answer in answers] == ["p/a", "p/b"]
    assert (len(model.requests), model.completions) == (1, 2)
    assert answers[0].usd == 0.0


async def test_a_completion_is_passed_on_unchanged() -> None:
    model = await opened(ScriptedBackend(lambda request, key: Completion("x", usd=1.0)))
    assert await model.call(Request("choose", options=("a",)), keys=["k"]) == [Completion("x", usd=1.0)]


async def test_a_reply_chooses_the_label_and_an_unknown_one_chooses_none() -> None:
    replies = iter(["b", "neither"])
    model = await opened(ScriptedBackend(lambda request, key: next(replies)))
    request = Request("choose", prompt="p", options=("a", "b", "c"))
    (first,), (second,) = [await model.call(request, keys=["k"]) for _ in range(2)]
    assert [math.exp(weight) for weight in first.weights] == pytest.approx([0.05, 0.9, 0.05])
    assert [math.exp(weight) for weight in second.weights] == pytest.approx([1 / 3] * 3)


async def test_a_reply_equal_to_the_answer_makes_it_likely() -> None:
    model = await opened(ScriptedBackend(lambda request, key: "dogs"))
    weights = [
        (await model.call(Request("logprob", prompt="p", options=(word,)), keys=["k"]))[0].weights for word in (" dogs", "cats")
    ]
    assert weights == [(math.log(0.9),), pytest.approx((math.log(0.1),))]


async def test_latency_is_waited_and_peak_is_counted() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    model = await opened(ScriptedBackend(lambda request, key: "x", latency=lambda request: len(request.prompt), sleep=sleep))
    await asyncio.gather(*(model.call(Request("generate", prompt="p" * n), keys=["k"]) for n in range(1, 4)))
    assert waits == [1, 2, 3]
    assert model.peak == 3


async def test_a_closed_backend_raises_model_unavailable() -> None:
    model = ScriptedBackend(lambda request, key: "x")
    with pytest.raises(ModelUnavailable, match="closed"):
        await model.call(Request("generate"), keys=["k"])
    await model.open()
    await model.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        await model.call(Request("generate"), keys=["k"])


def test_the_text_of_a_request_has_all_messages() -> None:
    assert request_text(Request("generate", CHAT)) == "s\n\nu"
    assert request_text(Request("infill", prompt="before", suffix=" after")) == "before after"
