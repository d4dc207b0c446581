"""OpenAI format: makes request bodies and reads replies.

A reply is untrusted: each field is checked. A reply without completions raises TransientError and never counts as an empty
completion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from promptwire.backend import Charge, Completion, Request, charge
from promptwire.errors import RequestRefused, TransientError
from promptwire.security.untrusted_numbers import price, token_count
from promptwire.values.hashing import digest

__all__ = [
    "NO_CREDIT",
    "OVERFLOWN",
    "TIMEOUT",
    "TOP",
    "body",
    "charged",
    "choices",
    "cost",
    "read_completions",
    "route",
    "seed",
]

TOP: Final = 20
"""Number of candidate tokens that are requested: the most that OpenAI returns for chats."""
TIMEOUT: Final = 600.0
"""Default time limit of a request, in seconds."""

_OURS: Final = frozenset(
    {
        "model",
        "messages",
        "prompt",
        "suffix",
        "n",
        "stream",
        "stream_options",
        "echo",
        "logprobs",
        "top_logprobs",
        "best_of",
        "max_tokens",
        "stop",
        "temperature",
        "top_p",
    }
)
"""Names that `extra` settings must not have: they would change the request against its cache key."""


NO_CREDIT: Final = "the account has no credit left: add some, then run again"
"""Hint for an account without credit."""
OVERFLOWN: Final = "shorten the prompt or its examples, lower max_tokens, or use a model with a longer context"
"""Hint for a request beyond the context."""
_FILTERED: Final = frozenset(
    {"content_filter", "refusal", "safety", "blocklist", "blocked", "prohibited_content", "recitation", "spii", "sensitive"}
)
"""Finish reasons of providers for a reply that a content filter stopped."""
_ABORTED: Final = frozenset({"error", "abort", "aborted", "cancelled", "network_error", "timeout"})
"""Finish reasons for a reply that a fault of the server ended."""


def route(request: Request) -> str:
    """Path under the address."""
    return "/chat/completions" if request.messages else "/completions"


def body(model: str, request: Request, *, n: int = 1) -> dict[str, Any]:
    """Make the JSON body of `request` for `n` samples.

    Raises RequestRefused for extra settings that would change the request.
    """
    made: dict[str, Any] = {"model": model}
    if request.messages:
        made["messages"] = [{"role": message.role, "content": message.content} for message in request.messages]
    else:
        made["prompt"] = request.prompt
    if request.kind == "choose":
        top = {"logprobs": True, "top_logprobs": TOP} if request.messages else {"logprobs": TOP}
        return {**made, **top, "max_tokens": 1, "temperature": 1.0}
    if request.kind == "logprob":
        whole = request.prompt + request.options[0]
        return {**made, "prompt": whole, "max_tokens": 0, "echo": True, "logprobs": 1, "temperature": 0.0}
    if request.kind == "infill":
        made["suffix"] = request.suffix
    if n > 1:
        made["n"] = n
    return {**made, **_sampling(request)}


def _sampling(request: Request) -> dict[str, Any]:
    settings = request.settings
    taken = settings.extra and _OURS & settings.extra.keys()
    if taken:
        raise RequestRefused(f"the extra setting {min(taken)!r} is reserved", hint="write it as a setting, not under extra")
    named = {"temperature": settings.temperature, "top_p": settings.top_p, "max_tokens": settings.max_tokens}
    sampling: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if settings.stop:
        sampling["stop"] = list(settings.stop)
    # `null` means "do not send it", for an extra as for any other setting.
    return {**sampling, **{name: value for name, value in settings.extra.items() if value is not None}}


def seed(key: str) -> int:
    """Sampling seed from the cache key alone, so that a server with seeds repeats its reply."""
    return int(digest(key, 8), 16) >> 1


def choices(reply: Any) -> list[Mapping[str, Any]]:
    """Choices of a reply, in order. Raises TransientError when there is none."""
    found = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        said = reply.get("error") if isinstance(reply, dict) else None
        hint = "check that the address is OpenAI-compatible; most end in /v1"
        raise TransientError(f"the reply has no completion{f': {said}'[:300] if said else ''}", hint=hint)
    broken = next((one.get("error") or one["finish_reason"] for one in found if one.get("error") or _aborted(one)), None)
    if broken is not None:  # routers send status 200 although a provider has failed
        raise TransientError(f"a completion failed: {broken}"[:300])
    numbers = [one.get("index") for one in found]
    return sorted(found, key=lambda one: one["index"]) if all(type(number) is int for number in numbers) else found


def _aborted(choice: Mapping[str, Any]) -> bool:
    """Whether a choice ended by a fault of the server: its text is not complete, and another try may bring it."""
    finish = choice.get("finish_reason")
    return isinstance(finish, str) and finish.lower() in _ABORTED


def read_completions(reply: Any, *, usd: float | None = None, via: str = "", most: int | None = None) -> list[Completion]:
    """Completions in a reply, at most `most`. Its tokens and price are divided among them.

    `usd` is the price when the caller knows it; some endpoints report it themselves. Raises TransientError for an invalid
    reply, and charges its cost.
    """
    with charged(reply, usd=usd):
        found = choices(reply)[:most]
        texts = [_text(choice) for choice in found]
    paid = cost(reply, usd=usd)
    share, rest = divmod(paid.tokens_out, len(found))
    return [
        Completion(
            text=text,
            finish=_finish(choice.get("finish_reason")),
            tokens_in=0 if number else paid.tokens_in,
            tokens_out=share + (0 if number else rest),
            usd=None if paid.usd is None else paid.usd / len(found),
            via=via,
        )
        for number, (choice, text) in enumerate(zip(found, texts, strict=True))
    ]


@contextmanager
def charged(reply: Any, *, usd: float | None = None) -> Iterator[None]:
    """Charge the cost of `reply` when reading it fails."""
    try:
        yield
    except Exception:
        charge(cost(reply, usd=usd))
        raise


def cost(reply: Any, *, usd: float | None = None) -> Charge:
    """Cost that a reply reports. Tokens that are only in its total, such as those of reasoning, count as output."""
    usage = reply.get("usage") if isinstance(reply, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    read, written, total = (token_count(usage.get(f"{name}_tokens")) for name in ("prompt", "completion", "total"))
    return Charge(read, max(written, total - read), price(usd if usd is not None else usage.get("cost")))


def _finish(said: Any) -> str:
    if not isinstance(said, str):
        return "stop"
    return "content_filter" if said.lower() in _FILTERED else said


def _text(choice: Mapping[str, Any]) -> str:
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text", ...)
    if isinstance(text, list) and all(isinstance(part, dict) for part in text):
        text = "".join(part["text"] for part in text if isinstance(part.get("text"), str) and not _reasons(part))
    if text is None:
        return ""
    if not isinstance(text, str):
        raise TransientError("the reply has a choice without text")
    return text


def _reasons(part: Mapping[str, Any]) -> bool:
    """Whether a part of a message is reasoning. Reasoning in `reasoning_content` is not read."""
    return re.search("think|reason", str(part.get("type", "")), re.IGNORECASE) is not None or part.get("thought") is True
