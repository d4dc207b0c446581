"""The wait that an endpoint asks for is read from headers, fields of the body, or a sentence."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from promptwire.backends.error_replies import parse


def wait_of(body: Any, headers: dict[str, str]) -> float | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return parse(429, named, body if isinstance(body, str) else json.dumps(body)).wait


def openai(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def gemini(message: str, code: int = 429, status: str = "RESOURCE_EXHAUSTED", *details: Any) -> list[Any]:
    return [{"error": {"code": code, "message": message, "status": status, "details": list(details)}}]


RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"}
HOUR = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ("{}", {"Retry_After": "7"}, 7.0),
        ("{}", {"retry_after_ms": "1500", "Retry_After": "9"}, 1.5),
        (gemini("quota", 429, "RESOURCE_EXHAUSTED", {"@type": "x"}, RETRY), {}, 21.0),
        (gemini("check your billing. Please retry in 2.4s."), {}, 2.4),
        (openai("Rate limit reached. Please try again in 6m0s."), {}, 360.0),
        (openai("Rate limit reached. Please try again in 20ms. Visit the site"), {}, 0.02),
        (openai("Rate limit reached. Please try again in 1.5s."), {}, 1.5),
        (openai("Try again in 1h2m3s"), {}, 3723.0),
        (openai("Requests have exceeded the call rate limit. Please retry after 6 seconds."), {}, 6.0),
        (openai("Rate limit is exceeded. Try again in 35 seconds."), {}, 35.0),
        (openai("Please retry your request after 2 minutes."), {}, 120.0),
        (openai("slow down"), {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "8.64s"}, 8.64),
        (openai("slow down"), {"x_ratelimit_reset_tokens": "6m0s", "x_ratelimit_remaining_tokens": "12"}, None),
        (
            openai("slow down"),
            {"x_ratelimit_reset_tokens": "90ms", "x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_requests": "2s"},
            2.0,
        ),
        ({"error": {"message": "x", "metadata": {"headers": {"Retry-After": "11"}}}}, {}, 11.0),
        (openai("Please wait 30 seconds before retrying"), {}, 30.0),
        (openai("Rate limited, retry after 5"), {}, 5.0),
        (openai("Quota will reset after 11s."), {}, 11.0),
        ({"detail": "Request was throttled. Expected available in 3 seconds."}, {}, 3.0),
        ({"error": {"message": "x", "retryAfter": 4}}, {}, 4.0),
        ({"error": {"message": "x", "details": [{"retryDelay": {"seconds": 5, "nanos": 0}}]}}, {}, 5.0),
        (openai("slow down"), {"x_retry_after": "6"}, 6.0),
        (openai("slow down"), {"x_ratelimit_reset_after": "6"}, 6.0),
        (openai("The limit resets 1700000000"), {}, None),
        (openai("Try again after 5 other requests"), {}, None),
        (openai("The 5 s that you had are over"), {}, None),
        ("too many", {}, None),
    ],
)
def test_the_wait_is_read_from_headers_and_body(body: Any, headers: dict[str, str], wait: float | None) -> None:
    assert wait_of(body, headers) == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    "headers",
    [
        {"anthropic_ratelimit_tokens_remaining": "0", "anthropic_ratelimit_tokens_reset": HOUR},
        {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int((time.time() + 3600) * 1000))},
        {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(time.time() + 3600))},
    ],
)
def test_a_reset_header_may_be_a_date_or_a_unix_time(headers: dict[str, str]) -> None:
    wait = wait_of("{}", headers)
    assert wait is not None and 3000 < wait <= 3601
