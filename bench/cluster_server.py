"""A fake OpenAI-compatible server that plays the planted model and counts what it is asked, by content.

It is that of bench/peers with other replies, in a process of its own; the first line printed is the port. A reply depends only
on the request: the prompt, the settings and the sampling seed, which promptwire makes from the cache key. So equal requests are
one question. `GET /questions` tells how often each was answered, `GET /forget` counts anew, `POST /settings` sets the latency.

    python -m bench.cluster_server
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from hashlib import blake2b
from typing import Any

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.values import Message

from .peers.server import Server

__all__ = ["PlantedServer"]


class PlantedServer:
    """The planted model behind HTTP."""

    def __init__(self) -> None:
        self.questions: Counter[str] = Counter()
        self.server = Server(self.answer)
        self.server.pages = {b"/questions": lambda: json.dumps(self.questions).encode(), b"/forget": self.forget}

    def forget(self) -> bytes:
        """Count anew."""
        self.questions.clear()
        return b"{}"

    def answer(self, body: bytes) -> bytes:
        """The reply to a request for completions; the request is counted."""
        asked = json.loads(body)
        key = blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=12).hexdigest()
        self.questions[key] += 1
        messages = tuple(Message(role=one["role"], content=one["content"]) for one in asked["messages"])
        request = Request("generate", messages=messages)
        texts = [planted(request, f"{key} {number}") for number in range(int(asked.get("n") or 1))]
        return json.dumps(_completion(asked, texts)).encode()


def _completion(asked: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    read, written = sum(len(one["content"]) for one in asked["messages"]) // 4, sum(map(len, texts)) // 4
    choices = [
        {"index": number, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        for number, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": choices, "usage": usage}


async def _main() -> None:
    print(await PlantedServer().server.listen(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
