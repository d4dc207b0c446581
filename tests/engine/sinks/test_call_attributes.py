from __future__ import annotations

import pytest

from promptwire.sinks.call_attributes import provider_of, request_attributes, usage_attributes


@pytest.mark.parametrize(
    ("model", "provider", "named"),
    [
        ("openai/gpt-4o-mini", "openai", "gpt-4o-mini"),
        ("azure/mine", "azure.ai.openai", "mine"),
        ("bedrock/anthropic.claude", "aws.bedrock", "anthropic.claude"),
        ("gemini/flash", "gcp.gemini", "flash"),
        ("vertex_ai/flash", "gcp.vertex_ai", "flash"),
        ("anthropic/claude", "anthropic", "claude"),
        ("xai/grok", "x_ai", "grok"),
        ("openrouter/meta/llama", "openrouter", "meta/llama"),
        ("my-model", "openai", "my-model"),
        ("local", "llama.cpp", "local"),
        ("local:a/b,context=4", "llama.cpp", "local:a/b,context=4"),
        ("scripted:planted", "promptwire", "scripted:planted"),
    ],
)
def test_providers_and_models_go_by_the_names_of_the_conventions(model: str, provider: str, named: str) -> None:
    assert provider_of(model) == provider
    assert request_attributes(model, {})["gen_ai.request.model"] == named


@pytest.mark.parametrize(
    ("parts", "operation"),
    [({}, "chat"), ({"kind": "generate", "messages": "x"}, "chat"), ({"kind": "generate", "prompt": "x"}, "text_completion")],
)
def test_a_text_to_complete_is_no_chat(parts: dict[str, str], operation: str) -> None:
    assert request_attributes("m", parts)["gen_ai.operation.name"] == operation


def test_what_an_endpoint_does_not_report_has_no_attribute() -> None:
    known = usage_attributes({"tokens_in": 0, "tokens_out": 0, "usd": None, "answers": 3, "model": "m"})
    assert known["gen_ai.usage.input_tokens"] is known["promptwire.cost_usd"] is None
    assert (known["gen_ai.request.choice.count"], known["gen_ai.response.finish_reasons"]) == (3, ("stop",) * 3)
