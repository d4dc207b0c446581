"""Replies in the shapes of providers that do not speak OpenAI's, for the tests' server when litellm calls it."""

from __future__ import annotations

from typing import Any

__all__ = ["native"]


def native(path: str, text: str, body: dict[str, Any]) -> dict[str, Any]:
    """`text` as the provider whose interface has this path says it."""
    if path.endswith("/messages"):
        return _anthropic(text, body)
    if path.endswith(":generateContent"):
        return _gemini(text)
    if path.startswith("/api/"):
        return _ollama(path, text, body)
    return _openai(text, body)


def _anthropic(text: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }


def _gemini(text: str) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage}


def _ollama(path: str, text: str, body: dict[str, Any]) -> dict[str, Any]:
    said = {"message": {"role": "assistant", "content": text}} if path == "/api/chat" else {"response": text}
    return {
        "model": body.get("model", ""),
        "done": True,
        "prompt_eval_count": 3,
        "eval_count": 2,
        "done_reason": "stop",
        **said,
    }


def _openai(text: str, body: dict[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model", "m"),
        "choices": [choice],
        "usage": usage,
    }
