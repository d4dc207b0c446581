"""Size of a call: estimated tokens before it, and the error for a completion that is too long to keep."""

from __future__ import annotations

from promptwire.backend import Request
from promptwire.cache.record import LARGEST
from promptwire.errors import RequestRefused
from promptwire.gateway.in_flight import InFlightRequest

__all__ = ["estimated_tokens", "oversized"]


def oversized(in_flight: InFlightRequest) -> RequestRefused:
    """The error for a completion that the cache can't hold. Used without being stored, it would be paid for again."""
    problem = f"{in_flight.backend.name} gave an answer of more than {LARGEST >> 20} MB, which the cache can't hold"
    return RequestRefused(problem, where=in_flight.node, hint="limit the length of replies: settings: {max_tokens: N}")


def estimated_tokens(request: Request) -> int:
    """Estimated tokens of one call: four characters a token, plus the longest allowed reply."""
    read = sum(len(message.content) for message in request.messages) + len(request.prompt) + len(request.suffix)
    return read // 4 + (request.settings.max_tokens or 0)
