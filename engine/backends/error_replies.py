"""Parser of error replies: overflow, content filter, lack of credit, time to wait.

The status alone is not enough: 429 is a rate limit or an empty account, 403 a wrong key or a moderator, 400 a bad
parameter, a content filter or a prompt beyond the context. Bodies come in the OpenAI shape, as lists (Gemini), as FastAPI's
`detail`, as plain text, or as JSON inside a message (gateways). `docs/endpoints.md` lists the known wordings.
"""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import mktime_tz, parsedate_tz
from typing import Any, Final

__all__ = ["FILTERED", "OVERFLOW", "Refusal", "parse"]

FILTERED: Final = re.compile(
    r"content.?(?:filter|policy|management|moderation)|responsible.?ai|moderation|\bflagged\b|guardrail|prompt injection"
    r"|usage (?:guidelines|polic)|safety (?:system|reasons|filter|check|polic)|safety_check|prohibited.?content"
    r"|inappropriate content|data.?inspection|content exists risk|\binvalid_prompt\b|sensitive (?:content|words?|information)",
    re.IGNORECASE,
)
"""Wordings of refusals by a moderator or content filter."""
OVERFLOW: Final = re.compile(
    r"exceed_context_size|context.?(?:length|size|window|limit)|max(?:imum)?.?(?:model|prompt|sequence|input).?len(?:gth)?"
    r"|(?:prompt|input) (?:\([^)]*\) )?is too (?:long|large)|prompt too long|too many (?:input |prompt )?tokens"
    r"|input token count|maximum number of (?:input )?tokens|longer than the (?:maximum )?(?:model|context)"
    r"|model_max_prompt_tokens_exceeded|inputs?`? tokens \+|request.too.large"
    r"|reduce (?:the length of |your )(?:the |your )?(?:input|messages?|prompt)|string.?(?:above|too).?(?:max|long)",
    re.IGNORECASE,
)
"""Wordings of refusals of requests longer than the model's context."""
_BROKE: Final = frozenset(
    {
        "insufficient_quota",
        "exceeded_current_quota_error",
        "insufficient_credits",
        "insufficient_balance",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_error",
        "credit_balance_too_low",
        "payment_required",
        "account_deactivated",
    }
)
"""Codes and types that show that the account has no credit."""
_BROKE_WORDS: Final = re.compile(
    r"\binsufficient_quota\b|credit balance is too low|insufficient (?:credits?|balance|funds)|out of credits?|no credits? left"
    r"|used all (?:available|of your) credits|billing hard limit|spending limit|requires more credits"
    r"|account (?:is not active|balance|is in arrears|has been suspended)",
    re.IGNORECASE,
)
"""Sentences that show the same. "Check your plan and billing details" does not: Gemini sends it for quotas per minute."""
_MINUTE: Final = re.compile(r"per.?(?:minute|second)|requests?/min|tokens?/min|\b[rt]pm\b|rate.?limit", re.IGNORECASE)
_AGAIN: Final = re.compile(
    r"(?:re)?try(?:ing)?(?: your request)?(?: again)?(?: in| after)?:? (?:about )?"
    r"(?P<for>(?:\d+(?:\.\d+)? ?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b ?)+"
    r"|(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)",
    re.IGNORECASE,
)
_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)", re.IGNORECASE)
_UNITS: Final = {"ms": 0.001, "mi": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "s": 1.0, "": 1.0}
_RESETS: Final = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
)
"""Pairs of headers: how much of a rate limit is left, and when it resets."""
_LIMITING: Final = frozenset({429, 503, 529})
"""Statuses of a rate limit, where the time to wait is that of its reset."""
_LONGEST: Final = 100_000
"""Most characters of an error body that are read."""
_DEEP: Final = 6
_CODES: Final = ("code", "type", "status", "reason", "error_type", "provider_code")
_ROOM: Final = (
    re.compile(r"maximum context length is (?P<all>\d+).*?(?P<read>\d+) (?:input tokens|in the messages|in your prompt)"),
    re.compile(r"exceed context limit: (?P<read>\d+) \+ \d+ > (?P<all>\d+)"),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A parsed error reply."""

    status: int
    message: str
    """Whole message."""
    codes: frozenset[str] = frozenset()
    """Codes and types, in small letters."""
    flagged: bool = False
    """Whether it has moderation results."""
    wait: float | None = None
    """Seconds to wait; None when not stated."""

    @property
    def text(self) -> str:
        """Message and codes in one text."""
        return " ".join([self.message, *sorted(self.codes)])

    @property
    def no_credit(self) -> bool:
        """Whether it shows that the account has no credit left."""
        if self.status == 402 or self.codes & _BROKE:
            return True
        return bool(_BROKE_WORDS.search(self.message)) and self.wait is None and not _MINUTE.search(self.message)

    @property
    def filtered(self) -> bool:
        """Whether a moderator or content filter refused this content."""
        return self.status in (400, 403, 422, 451) and (self.flagged or bool(FILTERED.search(self.text)))

    @property
    def overflow(self) -> bool:
        """Whether the request is longer than the model's context or than the endpoint accepts."""
        if self.status == 429:  # OpenAI's message for one request above the tokens per minute, which never fits
            return self.message.lower().startswith("request too large")
        return self.status == 413 or (self.status in (400, 422, 500) and bool(OVERFLOW.search(self.text)))

    @property
    def room(self) -> int | None:
        """Longest possible reply in tokens, when the prompt fits and only `max_tokens` is too high; None when not stated."""
        found = next((found for pattern in _ROOM if (found := pattern.search(self.message))), None)
        left = int(found["all"]) - int(found["read"]) if found else 0
        return left if left > 0 else None


def parse(status: int, headers: Mapping[str, str], text: str) -> Refusal:
    """Parse a reply's status, headers and body, or an exception's text."""
    text = text[:_LONGEST]
    data = _data(text)
    parts = list(_parts(data))
    messages = [part["message"] for part in parts if isinstance(part.get("message"), str)]
    codes = {str(part[name]).lower() for part in parts for name in _CODES if isinstance(part.get(name), str | int)}
    flagged = any(part.get("flagged_input") or part.get("moderation") for part in parts)
    message = messages[0] if messages else _plain(data, text)
    wait = _asked(headers)
    if wait is None:
        wait = _asked_in(parts, " ".join(messages) or text)
    if wait is None and status in _LIMITING:
        wait = _reset(headers)
    return Refusal(status, message, frozenset(codes), flagged, wait)


def _data(text: str) -> Any:
    """JSON or Python literal in `text`, which may begin with words; None when there is none."""
    start = min((position for mark in "{[" if (position := text.find(mark)) >= 0), default=-1)
    if start < 0:
        return None
    inner = text[start:]
    try:
        return json.JSONDecoder().raw_decode(inner)[0]
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(inner[: inner.rfind("}" if inner[0] == "{" else "]") + 1]) if len(inner) < 20_000 else None
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _parts(data: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Mappings in an error body that may hold a message or code, the innermost message first."""
    if depth > _DEEP:
        return
    if isinstance(data, list):
        for one in data[:20]:
            yield from _parts(one, depth + 1)
    elif isinstance(data, dict):
        message = data.get("message")
        if isinstance(message, str) and message.lstrip().startswith(("{", "[")):
            yield from _parts(_data(message), depth + 1)
        error = data.get("error")
        if isinstance(error, str):
            yield {"message": error}
        for name in ("error", "detail", "details", "errors", "metadata", "innererror"):
            if name in data and name in ("error", "errors"):
                yield from _parts(data[name], depth + 1)
        detail = data.get("detail")
        if isinstance(detail, list):
            yield {"message": "; ".join(_located(one) for one in detail[:20])}
        elif isinstance(detail, str):
            yield {"message": detail}
        yield data
        for name in ("details", "metadata", "innererror"):
            yield from _parts(data.get(name), depth + 1)


def _located(one: Any) -> str:
    """One of FastAPI's validation errors, with its field."""
    if not isinstance(one, dict):
        return str(one)
    location = one.get("loc")
    field = ".".join(str(step) for step in location if step != "body") if isinstance(location, list) else ""
    return f"{field}: {one.get('msg', '')}" if field else str(one.get("msg", one))


def _plain(data: Any, text: str) -> str:
    if isinstance(data, dict):
        error = data.get("error", data)
        return error if isinstance(error, str) else json.dumps(error, ensure_ascii=False, default=str)
    return text.strip() or "(empty)"


def _asked(headers: Mapping[str, str]) -> float | None:
    """Seconds in the Retry-After headers, given as a number or a date."""
    small = {str(name).lower(): str(value) for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        wait = _number(small.get(name, ""))
        if wait is not None:
            return wait * unit
    return _until(small.get("retry-after", ""))


def _asked_in(parts: list[Mapping[str, Any]], message: str) -> float | None:
    """Seconds in the body: Google's `retryDelay`, a gateway's copied headers, or a sentence of the message."""
    for part in parts:
        delay = part.get("retryDelay") or part.get("retry_after") or part.get("retry_after_seconds")
        if isinstance(delay, str | int | float) and not isinstance(delay, bool):
            wait = _span(str(delay))
            if wait is not None:
                return wait
        copied = part.get("headers")
        if isinstance(copied, dict):
            wait = _asked(copied)
            return _reset(copied) if wait is None else wait
    found = _AGAIN.search(message)
    return _span(found["for"]) if found else None


def _reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until all exhausted rate limits reset."""
    small = {str(name).lower(): str(value) for name, value in headers.items()}
    empty = [small[reset] for left, reset in _RESETS if reset in small and _number(small.get(left, "0")) == 0]
    waits = [wait for text in empty if (wait := _moment(text)) is not None]
    return max(waits, default=None)


def _moment(text: str) -> float | None:
    """Seconds until the time in a reset header: a span, a Unix time in seconds or milliseconds, or a date."""
    number = _number(text)
    if number is not None and number > 1e8:
        return max(0.0, (number / 1000 if number > 1e11 else number) - time.time())
    return _span(text) if number is not None or re.match(r"\d+(?:\.\d+)?[a-z]", text, re.IGNORECASE) else _until(text)


def _until(text: str) -> float | None:
    """Seconds until a date in mail or ISO format; None for other texts."""
    date = parsedate_tz(text)
    try:
        if date is not None:
            return max(0.0, mktime_tz(date) - time.time())
        return max(0.0, datetime.fromisoformat(text).timestamp() - time.time()) if "T" in text else None
    except (ValueError, OverflowError):  # an impossible date
        return None


def _span(text: str) -> float | None:
    """Seconds in a span such as `2.4s`, `6m0s`, `20ms`, `35 seconds` or `7`."""
    pieces = _PIECE.findall(text)
    if not pieces:
        return None
    seconds = 0.0
    for digits, unit in pieces:
        small = unit.lower()
        key = small[:2] if small[:2] in ("ms", "mi") and not small.startswith("min") else small[:1]
        key = "ms" if small.startswith("milli") else key
        if key not in _UNITS:
            return None
        seconds += float(digits) * _UNITS[key]
    return seconds


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
