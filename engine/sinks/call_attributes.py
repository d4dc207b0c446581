"""Attributes of a call by the semantic conventions of OpenTelemetry for generative AI.

The conventions are in development. The names here are those of their release of 2026 (github.com/open-telemetry/
semantic-conventions-genai): `gen_ai.provider.name`, `gen_ai.input.messages`. What has no name there begins with `promptwire.`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from promptwire.local_settings import is_local, is_scripted
from promptwire.results.lenient import as_dict, as_list, as_text, as_texts
from promptwire.security.untrusted_numbers import finite, price, token_count

__all__ = ["message_attributes", "provider_of", "request_attributes", "usage_attributes"]

_PROVIDERS: Final[Mapping[str, str]] = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "vertex_ai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""Names that the conventions give to providers whose models are named otherwise."""
_SETTINGS: Final = ("temperature", "top_p", "max_tokens")
_EXTRA: Final = ("seed", "top_k", "frequency_penalty", "presence_penalty")
"""Provider parameters that have an attribute."""


def provider_of(model: str) -> str:
    """The provider by the conventions: `openai` also for what speaks its protocol, since nothing tells them apart.

    >>> provider_of("openai/gpt-4o-mini"), provider_of("mistral/large"), provider_of("local:small")
    ('openai', 'mistral_ai', 'llama.cpp')
    """
    if is_local(model):
        return "llama.cpp"
    if is_scripted(model):
        return "promptwire"
    prefix, slash, _ = model.partition("/")
    return _PROVIDERS.get(prefix, prefix) if slash and prefix else "openai"


def request_attributes(model: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked: `parts` are those of the cache key. Settings that were not sent have no attribute."""
    settings = as_dict(parts.get("settings"))
    extra = as_dict(settings.get("extra"))
    kind = as_text(parts.get("kind"))
    # A text to complete has a prompt and no messages; where the parts are not known, chat is by far the usual.
    completes = bool(parts) and "messages" not in parts
    found: dict[str, Any] = {
        "gen_ai.operation.name": "text_completion" if completes else "chat",
        "gen_ai.request.model": _bare(model),
        **{f"gen_ai.request.{name}": finite(settings.get(name)) for name in _SETTINGS},
        **{f"gen_ai.request.{name}": extra[name] for name in _EXTRA if isinstance(extra.get(name), int | float)},
    }
    if found["gen_ai.request.max_tokens"] is not None:
        found["gen_ai.request.max_tokens"] = int(found["gen_ai.request.max_tokens"])
    if stops := as_texts(settings.get("stop")):
        found["gen_ai.request.stop_sequences"] = stops
    if kind not in ("", "generate"):
        found["promptwire.request.kind"] = kind
    return found


def usage_attributes(event: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a request: tokens, cost and finish reasons, from its event. Endpoints that report no tokens have none."""
    read, written = token_count(event.get("tokens_in")), token_count(event.get("tokens_out"))
    answers = event.get("answers")
    several = isinstance(answers, int) and answers > 1
    told = as_texts(event.get("finish")) or ("stop",) * (answers if isinstance(answers, int) and 0 < answers < 10_000 else 1)
    return {
        "gen_ai.response.model": _bare(as_text(event.get("model"))),
        "gen_ai.response.finish_reasons": tuple(one or "stop" for one in told),
        "gen_ai.request.choice.count": answers if several else None,
        "gen_ai.usage.input_tokens": read if read or written else None,
        "gen_ai.usage.output_tokens": written if read or written else None,
        "promptwire.cost_usd": price(event.get("usd")),
    }


def message_attributes(asked: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    """Messages and reply as the conventions write them: JSON with parts. `asked` is a line of asked.jsonl."""
    messages = [one for one in as_list(asked.get("messages")) if isinstance(one, list) and len(one) == 2]
    told = [_message(as_text(role), as_text(text)) for role, text in messages]
    told = told or [_message("user", as_text(asked.get("prompt")))]
    answer = {**_message("assistant", as_text(reply.get("text"))), "finish_reason": as_text(reply.get("finish")) or "stop"}
    return {"gen_ai.input.messages": json.dumps(told), "gen_ai.output.messages": json.dumps([answer])}


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _bare(model: str) -> str:
    """The model without the prefix of its provider, as the provider calls it; a local model keeps its whole name."""
    return model if is_local(model) or is_scripted(model) else model.partition("/")[2] or model
