"""How the endpoints of providers refuse, in their own words, for the tests' server to play them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.openai_server import Fault

__all__ = ["PROFILES"]

Rule = Callable[[dict[str, Any]], Fault | None]


def _openai(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> Fault:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    return Fault("status", status, body=body)


def _anthropic(message: str) -> Fault:
    return Fault("status", 400, body={"type": "error", "error": {"type": "invalid_request_error", "message": message}})


def openai(body: dict[str, Any]) -> Fault | None:
    """gpt-4o: takes all of it."""
    return None


def reasoning(body: dict[str, Any]) -> Fault | None:
    """An o-series model: max_completion_tokens, temperature 1 only, no top_p, stop or penalties."""
    if "max_tokens" in body:
        words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        return _openai(words, "max_tokens", "unsupported_parameter")
    if body.get("temperature", 1) != 1:
        words = "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported."
        return _openai(words, "temperature", "unsupported_value")
    for name in ("top_p", "stop", "presence_penalty", "logprobs"):
        if name in body:
            return _openai(f"Unsupported parameter: '{name}' is not supported with this model.", name, "unsupported_parameter")
    return None


def azure(body: dict[str, Any]) -> Fault | None:
    """Azure with a content filter, which refuses what is about bombs."""
    if "bomb" in str(body):
        words = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."
        return _openai(words, "prompt", "content_filter")
    return None


def gemini(body: dict[str, Any]) -> Fault | None:
    """Gemini: a list for a body, no penalties, no seed."""
    config = body.get("generationConfig", body)
    for name in ("seed", "presence_penalty", "presencePenalty"):
        if name in config:
            words = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            return Fault("status", 400, body=[{"error": {"code": 400, "message": words, "status": "INVALID_ARGUMENT"}}])
    return None


def anthropic(body: dict[str, Any]) -> Fault | None:
    """A Claude model: temperature or top_p, no stop sequence of blanks."""
    if "temperature" in body and "top_p" in body:
        return _anthropic("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
    if any(not stop.strip() for stop in body.get("stop_sequences", body.get("stop", []))):
        return _anthropic("stop_sequences: each stop sequence must contain non-whitespace")
    return None


def vllm(body: dict[str, Any]) -> Fault | None:
    """vLLM: a strict schema, as FastAPI says it."""
    extra = [name for name in body if name in ("seed", "presence_penalty")]
    if extra:
        said = [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"} for name in extra]
        return Fault("status", 422, body={"detail": said})
    return None


def llama_cpp(body: dict[str, Any]) -> Fault | None:
    """llama.cpp's server: one answer a request."""
    if body.get("n", 1) > 1:
        words = "Only one completion choice is allowed: n must be 1"
        return Fault("status", 400, body={"error": {"code": 400, "message": words, "type": "invalid_request_error"}})
    return None


def ollama(body: dict[str, Any]) -> Fault | None:
    """Ollama: what it does not know it ignores."""
    return None


def thinking(body: dict[str, Any]) -> Fault | None:
    """A thinking model behind a gateway: temperature 1 while it thinks."""
    if body.get("temperature", 1) != 1:
        return _anthropic("`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.")
    if "top_p" in body:
        return _anthropic("`top_p` must be unset when thinking is enabled.")
    return None


PROFILES: dict[str, tuple[Rule, frozenset[str], set[str]]] = {
    "openai": (openai, frozenset(), set()),
    "azure": (azure, frozenset(), set()),
    "o-series": (reasoning, frozenset({"temperature", "top_p", "stop", "presence_penalty", "max_tokens"}), set()),
    "gemini": (gemini, frozenset({"seed", "presence_penalty"}), {"n"}),
    "anthropic": (anthropic, frozenset({"top_p", "stop"}), {"n"}),
    "vllm": (vllm, frozenset({"seed", "presence_penalty"}), set()),
    "llama.cpp": (llama_cpp, frozenset({"n"}), set()),
    "ollama": (ollama, frozenset(), {"n"}),
    "thinking": (thinking, frozenset({"temperature", "top_p"}), set()),
}
"""How each refuses, what of a full request it does not take, and what it ignores."""
