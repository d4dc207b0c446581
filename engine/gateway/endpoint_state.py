"""State of one backend in a run: concurrency, rate limit, and whether it is open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from promptwire.backend import Backend
from promptwire.gateway.activity import Activity
from promptwire.gateway.concurrency import AdaptiveConcurrency
from promptwire.gateway.quota_pause import QuotaPause
from promptwire.gateway.rate_limit import RateLimiter

__all__ = ["EndpointState"]


@dataclass(slots=True)
class EndpointState:
    """State of one backend in this run."""

    backend: Backend
    """The backend."""
    concurrency: AdaptiveConcurrency
    """How many requests it is sent at once."""
    rate_limiter: RateLimiter
    """How many it is sent in a minute."""
    activity: Activity
    """What it does now, for a progress display."""
    quota: QuotaPause
    """Its pauses while its quota is used up."""
    opening: asyncio.Future[None] | None = None
    """The opening, once it has begun."""
    open: bool = False
    """Whether it is open."""
    worked: bool = False
    """Whether it has ever returned a completion."""
    paced: bool = False
    """Whether a request ever had to wait for the rate limit."""
