"""Refused parameters are left out of later requests, and only those."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.backends.request_parameters import Parameters
from promptwire.errors import ContextOverflow, RequestRefused

BODY: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "q"}],
    "temperature": 0.7,
    "top_p": 0.9,
    "max_tokens": 500,
    "stop": ["\n"],
    "seed": 3,
    "n": 4,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "response_format": {"type": "json_object"},
    "top_k": 40,
}


class Fussy:
    """Endpoint with rules; each returns a refusal for a body that breaks it."""

    def __init__(self, *rules: Any) -> None:
        self.rules = rules
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, body: dict[str, Any]) -> str:
        self.bodies.append(body)
        for rule in self.rules:
            said = rule(body)
            if said:
                error = (ContextOverflow if "context" in said else RequestRefused)("HTTP 400")
                error.endpoint_text = said
                raise error
        return "fine"


def without(name: str, message: str) -> Any:
    return lambda body: message if name in body else ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("temperature", "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported."),
        ("temperature", "`temperature` is deprecated for this model."),
        ("temperature", "litellm.UnsupportedParamsError: openai does not support parameters: ['temperature'], for model=o1-mini."),
        ("top_p", "Unsupported parameter: 'top_p' is not supported with this model."),
        ("top_p", "topP is not supported"),
        ("stop", "Unsupported parameter: 'stop' is not supported with this model. unsupported_parameter"),
        ("stop", "Argument not supported on this model: stop"),
        ("stop", "stop_sequences: each stop sequence must contain non-whitespace"),
        ("seed", "seed: Extra inputs are not permitted"),
        ("n", "Parameter 'n' must be 1"),
        ("n", "Multiple candidates is not enabled for this model"),
        ("frequency_penalty", "Unsupported parameter: 'frequency_penalty'"),
        ("presence_penalty", "presencePenalty is not enabled for models/gemini-2.5-pro"),
        ("response_format", "'response_format' of type 'json_object' is not supported with this model."),
        ("response_format", "JSON mode is not enabled for this model"),
        ("top_k", "Unrecognized request argument supplied: top_k"),
    ],
)  # fmt: skip
async def test_only_the_refused_parameter_is_left_out_and_remembered(name: str, message: str) -> None:
    parameters, server = Parameters(), Fussy(without(name, message))
    reply, told = await parameters.adapt(BODY, server)
    assert (reply, server.bodies[-1]) == ("fine", {key: value for key, value in BODY.items() if key != name})
    assert told.startswith(f"without: {name}")
    await parameters.adapt(BODY, server)
    assert len(server.bodies) == 3


async def test_several_refused_parameters_are_left_out_and_reported() -> None:
    rules = [without(name, f"Unsupported parameter: '{name}'") for name in ("seed", "stop", "temperature", "top_p")]
    parameters = Parameters()
    _, told = await parameters.adapt(BODY, Fussy(*rules))
    assert told == 'without: seed; stop=["\\n"]; temperature=0.7; top_p=0.9'


async def test_temperature_is_sent_when_top_p_excludes_it() -> None:
    def both(body: dict[str, Any]) -> str:
        clash = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        return clash if {"temperature", "top_p"} <= body.keys() else ""

    parameters, server = Parameters(), Fussy(both)
    assert (await parameters.adapt(BODY, server))[1] == "without: top_p=0.9"
    alone = {key: value for key, value in BODY.items() if key != "temperature"}
    assert (await parameters.adapt(alone, server))[1] == ""
    assert server.bodies[-1]["top_p"] == 0.9


async def test_only_the_refused_value_of_a_parameter_is_left_out() -> None:
    def bounded(body: dict[str, Any]) -> str:
        return "temperature: Input should be less than or equal to 1" if body.get("temperature", 0) > 1 else ""

    parameters, server = Parameters(), Fussy(bounded)
    assert (await parameters.adapt({**BODY, "temperature": 1.4}, server))[1] == "without: temperature=1.4"
    assert (await parameters.adapt(BODY, server))[1] == ""
    assert [body.get("temperature") for body in server.bodies] == [1.4, None, 0.7]


@pytest.mark.parametrize(
    ("message", "limit", "sent"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            None,
            500,
        ),
        ("max_tokens is too large: 500. This model supports at most 300 completion tokens.", 300, 300),
        ("max_tokens: 500 > 300, which is the maximum allowed number of output tokens for claude-3-haiku", 300, 300),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 300]", 300, 300),
        ("`max_tokens` must be less than or equal to `300`, the maximum value for it", 300, 300),
        ("max_tokens=500 cannot be greater than max_model_len=300. Please request fewer output tokens.", 300, 300),
    ],
)
async def test_max_tokens_is_sent_under_the_other_name_or_lower(message: str, limit: int | None, sent: int) -> None:
    def rule(body: dict[str, Any]) -> str:
        return message if "max_tokens" in body and (limit is None or body["max_tokens"] > limit) else ""

    server = Fussy(rule)
    _, told = await Parameters().adapt(BODY, server)
    assert server.bodies[-1]["max_completion_tokens" if limit is None else "max_tokens"] == sent
    assert told == ("" if limit is None else f"without: max_tokens=500 (sent as {sent})")


async def test_a_server_that_requires_max_tokens_gets_it() -> None:
    server = Fussy(without("max_completion_tokens", "max_completion_tokens: Extra inputs are not permitted"))
    body = {"model": "m", "max_completion_tokens": 9}
    await Parameters().adapt(body, server)
    assert server.bodies[-1] == {"model": "m", "max_tokens": 9}


async def test_a_reply_beyond_the_context_is_shortened_for_one_request() -> None:
    def rule(body: dict[str, Any]) -> str:
        room = 8192 - 8000
        said = "This model's maximum context length is 8192 tokens and your request has 8000 input tokens"
        return f"'max_tokens' or 'max_completion_tokens' is too large. {said}" if body["max_tokens"] > room else ""

    parameters, server = Parameters(), Fussy(rule)
    assert (await parameters.adapt(BODY, server))[1] == "without: max_tokens=500 (less, to fit the context)"
    await parameters.adapt({**BODY, "max_tokens": 100}, server)
    assert [body["max_tokens"] for body in server.bodies] == [500, 192, 100]


async def test_a_prompt_beyond_the_context_is_not_sent_again() -> None:
    server = Fussy(lambda body: "prompt is too long for the context: 9000 tokens > 8192 maximum")
    with pytest.raises(ContextOverflow):
        await Parameters().adapt(BODY, server)
    assert len(server.bodies) == 1


async def test_a_refusal_that_only_quotes_a_name_is_not_remembered() -> None:
    parameters, server = Parameters(), Fussy(lambda body: "bad request: 'What does temperature mean?' has a bad character")
    with pytest.raises(RequestRefused):
        await parameters.adapt(BODY, server)
    assert len(server.bodies) == 2
    await parameters.adapt(BODY, calm := Fussy())
    assert calm.bodies == [BODY]


async def test_the_second_named_parameter_is_tried_after_the_first() -> None:
    server = Fussy(without("top_k", "with temperature or seed set, top_k is not supported"))
    _, told = await Parameters().adapt(BODY, server)
    assert told == "without: top_k=40"


async def test_the_number_of_requests_is_limited() -> None:
    counter = iter(range(100))
    server = Fussy(lambda body: f"no {'abcdefgh'[next(counter) % 8]} " + " ".join(body))
    with pytest.raises(RequestRefused):
        await Parameters().adapt(BODY, server)
    assert len(server.bodies) <= 12
