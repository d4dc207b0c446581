"""What a model does now: requests in flight, and requests that wait for a slot or for the rate limit.

A progress display reads it at any time. It costs a call a few additions of whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from promptwire.gateway.concurrency import AdaptiveConcurrency

__all__ = ["Activity"]


@dataclass(slots=True)
class Activity:
    """Present state of one model in a run."""

    model: str
    """Name of the model."""
    concurrency: AdaptiveConcurrency
    """Its concurrency limit."""
    in_flight: int = 0
    """Requests sent and not answered yet."""
    opening: bool = False
    """Whether the model is being opened, which for a local one means loaded."""
    rate_limited: int = 0
    """Requests that wait for the rate limit."""
    rate_limited_until: float = 0.0
    """When the first of them may be sent, by the monotonic clock."""

    @property
    def at_once(self) -> int:
        """Most requests in flight at once. It is smaller than the model's own limit while its endpoint throttles."""
        return int(self.concurrency.limit)

    @property
    def throttled(self) -> bool:
        """Whether the endpoint has lowered the concurrency limit."""
        return self.at_once < self.concurrency.ceiling
