"""The OpenAI shape: request bodies made and replies read, for every backend that speaks it.

What a reply holds is a stranger's: every field is looked at before it is believed, and a reply without answers is an error that
may pass, never an empty answer.
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
"""Candidates for the next token that are asked for: the most that OpenAI gives for chats."""
TIMEOUT: Final = 600.0
"""Seconds that a request may take, where nobody says otherwise."""

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
"""What `extra` settings must not say: it would ask another model or another question than the cache key names."""


NO_CREDIT: Final = "the account has no credit left: add some, then run again"
"""What to do about an account that is proven to be empty."""
OVERFLOWN: Final = "shorten the prompt or its examples, lower max_tokens, or use a model with a longer context"
"""What to do about a request beyond the context."""
_FILTERED: Final = frozenset(
    {"content_filter", "refusal", "safety", "blocklist", "blocked", "prohibited_content", "recitation", "spii", "sensitive"}
)
"""What providers call the end of a reply that a content filter stopped."""


def route(request: Request) -> str:
    """The path under the address."""
    return "/chat/completions" if request.messages else "/completions"


def body(model: str, request: Request, *, n: int = 1) -> dict[str, Any]:
    """The JSON body of `request` for `n` samples.

    Raises RequestRefused for extra settings that would change what is asked.
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
    taken = _OURS & settings.extra.keys()
    if taken:
        raise RequestRefused(
            f"the extra setting {min(taken)!r} is promptwire's own", hint="write it as a setting, not as an extra"
        )
    sampling = settings.model_dump(mode="json", exclude_none=True, exclude={"extra", "stop"})
    if settings.stop:
        sampling["stop"] = list(settings.stop)
    # `null` means "do not send it", for an extra as for any other setting.
    return {**sampling, **{name: value for name, value in settings.extra.items() if value is not None}}


def seed(key: str) -> int:
    """A sampling seed that depends on the cache key alone: asked anew, a server that takes seeds answers the same."""
    return int(digest(key, 8), 16) >> 1


def choices(reply: Any) -> list[Mapping[str, Any]]:
    """The choices of a reply, in order. Raises TransientError when there is none."""
    found = reply.get("choices") if isinstance(reply, dict) else None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        said = reply.get("error") if isinstance(reply, dict) else None
        hint = "is the address an OpenAI-compatible one? Most end in /v1"
        raise TransientError(f"the reply held no answer{f': {said}'[:300] if said else ''}", hint=hint)
    broken = next((one["error"] for one in found if one.get("error")), None)
    if broken is not None:  # routers say so with status 200 when a provider breaks off
        raise TransientError(f"an answer broke off: {broken}"[:300])
    numbers = [one.get("index") for one in found]
    return sorted(found, key=lambda one: one["index"]) if all(type(number) is int for number in numbers) else found


def read_completions(reply: Any, *, usd: float | None = None, via: str = "", most: int | None = None) -> list[Completion]:
    """The answers in a reply, `most` at most, with all its tokens and its whole price shared out among them.

    `usd` is the price when the caller knows it; some endpoints say it themselves. Raises TransientError for what is no reply;
    what that cost is charged.
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
            tokens_in=0 if place else paid.tokens_in,
            tokens_out=share + (0 if place else rest),
            usd=None if paid.usd is None else paid.usd / len(found),
            via=via,
        )
        for place, (choice, text) in enumerate(zip(found, texts, strict=True))
    ]


@contextmanager
def charged(reply: Any, *, usd: float | None = None) -> Iterator[None]:
    """Charge what `reply` cost when no answer comes of it."""
    try:
        yield
    except Exception:
        charge(cost(reply, usd=usd))
        raise


def cost(reply: Any, *, usd: float | None = None) -> Charge:
    """What a reply says that it cost. Tokens that are only in its total, such as those of thoughts, were written."""
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
        raise TransientError("the reply held a choice without text")
    return text


def _reasons(part: Mapping[str, Any]) -> bool:
    """Whether a part of a message is the model's reasoning; it also comes as `reasoning_content`, which is not read."""
    return re.search("think|reason", str(part.get("type", "")), re.IGNORECASE) is not None or part.get("thought") is True
