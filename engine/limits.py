"""Limits of a run: its budgets, and how fast each role's model may be called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import Field

from promptwire.node import Role
from promptwire.values import Model

__all__ = ["Limits", "RateLimits"]


class RateLimits(Model):
    """How hard a role's model may be pressed. None is no limit, or leaves it to the model."""

    called: ClassVar[str] = "a role's limits"

    parallel: int | None = Field(default=None, ge=1)
    """Most requests in flight at once."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Most requests that leave in any minute, tries that fail included."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Most tokens, read and written, that the requests of any minute take."""

    @property
    def limited(self) -> bool:
        """Whether requests may have to wait for a minute to pass."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None

    def over(self, other: RateLimits) -> RateLimits:
        """This pace, with `other` where it says nothing."""
        return RateLimits(**{**other.model_dump(exclude_none=True), **self.model_dump(exclude_none=True)})

    def within(self, other: RateLimits) -> RateLimits:
        """The stricter of both, limit by limit."""
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in RateLimits.model_fields}
        return RateLimits(**{name: min((one for one in pair if one is not None), default=None) for name, pair in pairs.items()})


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of a run. None is no limit."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None
    on_limit: Literal["stop", "fail"] = "stop"
    roles: Mapping[Role, RateLimits] = field(default_factory=dict)
    """How hard the model of each role may be pressed."""
