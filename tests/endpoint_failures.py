"""Failures of an endpoint with the error that each backend raises for it."""

from __future__ import annotations

from typing import Final

from promptwire.errors import ContextOverflow, ModelError, ModelUnavailable, RequestRefused, TransientError
from tests.openai_server import Fault, refused, throttled

__all__ = ["FAILURES"]

FAILURES: Final[list[tuple[Fault, type[ModelError]]]] = [
    (throttled(), TransientError),
    (Fault("status", 500), TransientError),
    (Fault("status", 503), TransientError),
    (Fault("reset"), TransientError),
    (Fault("truncated"), TransientError),
    (Fault("empty"), TransientError),
    (Fault("type"), TransientError),
    (Fault("nothing"), TransientError),
    (refused("bad temperature"), RequestRefused),
    (refused("maximum context length is 2048 tokens"), ContextOverflow),
    (Fault("status", 400, message="maximum context length is 9", code="context_length_exceeded"), ContextOverflow),
    (refused("no such model", 404), ModelUnavailable),
    (refused("wrong key", 401), ModelUnavailable),
    (Fault("status", 402, message="Insufficient credits"), ModelUnavailable),
    (Fault("status", 429, message="You exceeded your current quota", code="insufficient_quota"), ModelUnavailable),
    (Fault("status", 429, message="You exceeded your current quota, check your billing details"), TransientError),
]
