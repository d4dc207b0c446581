"""Reader of the wait that an endpoint asks for before the next try: in headers, in fields of the body, or in a sentence."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import mktime_tz, parsedate_tz
from typing import Any, Final

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["requested_wait"]

_AGAIN: Final = lazy_pattern(
    r"(?:(?:re)?try(?:ing)?(?: your request)?(?: again)?|wait|available|resets?)(?P<in> in| after| for)?:? (?:about )?"
    r"(?P<for>(?:\d+(?:\.\d+)? ?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b ?)+"
    r"|(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+|\d+(?:\.\d+)?\b(?!\.?\d| ?[^\W\d]))",
    re.IGNORECASE,
)
_PIECE: Final = lazy_pattern(r"(\d+(?:\.\d+)?) ?([a-z]*)", re.IGNORECASE)
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
_DELAYS: Final = ("retryDelay", "retry_after", "retry_after_seconds", "retryAfter", "wait_seconds")
"""Fields of a body with the time to wait."""


def requested_wait(status: int, headers: Mapping[str, str], parts: Sequence[Mapping[str, Any]], message: str) -> float | None:
    """Seconds to wait, from the first place that states it: headers, body, message, reset of a rate limit; None without one.

    `parts` are the mappings of the body, `message` is its text.
    """
    wait = _asked(headers)
    if wait is None:
        wait = _asked_in(parts, message)
    return _reset(headers) if wait is None and status in _LIMITING else wait


def _asked(headers: Mapping[str, str]) -> float | None:
    """Seconds in the Retry-After headers, given as a number or a date."""
    small = {str(name).lower(): str(value) for name, value in headers.items()}
    for name in ("retry-after-ms", "retry-after", "x-retry-after", "x-ratelimit-reset-after"):
        unit, wait = (0.001 if name.endswith("-ms") else 1.0), _number(small.get(name, ""))
        if wait is not None:
            return wait * unit
    return _until(small.get("retry-after", ""))


def _asked_in(parts: Sequence[Mapping[str, Any]], message: str) -> float | None:
    """Seconds in the body: Google's `retryDelay`, a gateway's copied headers, or a sentence of the message."""
    for part in parts:
        delay = next((part[name] for name in _DELAYS if part.get(name)), None)
        if isinstance(delay, dict):
            delay = delay.get("seconds")
        if isinstance(delay, str | int | float) and not isinstance(delay, bool):
            wait = _span(str(delay))
            if wait is not None:
                return wait
        copied = part.get("headers")
        if isinstance(copied, dict):
            wait = _asked(copied)
            return _reset(copied) if wait is None else wait
    spans = (found["for"] for found in _AGAIN.finditer(message) if found["in"] or not found["for"].isdigit())
    return next((wait for span in spans if (wait := _span(span)) is not None), None)


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
