"""Uses llama.cpp's prompt cache only where it changes no digit of a completion.

The last digits of a probability depend on the number of tokens that are computed together: small batches go through other
kernels than large ones. A prompt computed from its beginning always has the same batches. With the prompt cache they depend on
the request before. So a cached completion counts only when every batch, of this request and of those that filled the cache, was
large enough; else the request is sent again without the cache.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

__all__ = ["BATCH", "PromptCache"]

BATCH: Final = 63
"""Most tokens that are computed together: from 64 on, attention goes through another kernel."""

Post = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]


class PromptCache:
    """Sends completion requests to one server, one at a time, and knows what its cache holds."""

    def __init__(self, post: Post, *, least: int) -> None:
        """`least` is the size from which batches of the model give the same digits; 0 turns the cache off."""
        self._post = post
        self._least = least
        self._sound = 0
        """Tokens at the beginning of the server's cache that were computed in batches large enough."""
        self._lock = asyncio.Lock()

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post `body`. A completion that may use the cache is the same as without it. Other requests go through."""
        if "cache_prompt" not in body:
            return await self._post(path, body)
        async with self._lock:
            sound, self._sound = self._sound, 0  # after an error the cache is not known
            if body["cache_prompt"] and sound:
                reply = await self._post(path, body)
                total, computed = _tokens(reply)
                reused = 0 < total - computed <= sound and self._whole(computed) and self._whole(total)
                if reused or 0 < total <= computed:
                    self._sound = self._sound_part(total)
                    return reply
            reply = await self._post(path, {**body, "cache_prompt": False})
            self._sound = self._sound_part(_tokens(reply)[0])
            return reply

    def _whole(self, tokens: int) -> bool:
        """Whether the last batch of this many tokens is large enough."""
        return tokens % BATCH == 0 or tokens % BATCH >= self._least

    def _sound_part(self, tokens: int) -> int:
        """How many of a prompt's tokens were computed in batches large enough."""
        if not self._least:
            return 0
        return tokens if self._whole(tokens) else tokens // BATCH * BATCH


def _tokens(reply: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens of the prompt, and how many of them were computed; a reply that does not say counts as unknown."""
    usage, timings = reply.get("usage"), reply.get("timings")
    total = usage.get("prompt_tokens") if isinstance(usage, dict) else reply.get("tokens_evaluated")
    computed = timings.get("prompt_n") if isinstance(timings, dict) else None
    return (int(total), int(computed)) if total and computed else (0, 0)
