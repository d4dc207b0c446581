"""Limits of a run: budgets, and the rate limits of each role's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from promptwire.node import Role
from promptwire.values import Model

__all__ = ["Budget", "Limits", "RateLimits", "SharedLimits", "StageLimits"]


class RateLimits(Model):
    """Rate and concurrency limits of a role's model. None is no limit, or the backend's own."""

    called: ClassVar[str] = "a role's limits"

    parallel: int | None = Field(default=None, ge=1)
    """Most requests in flight at once."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Most requests sent in any minute, including failed tries."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Most tokens, read and written, of the requests of any minute."""

    @property
    def limited(self) -> bool:
        """Whether requests may have to wait for the rate limit."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None

    def over(self, other: RateLimits) -> RateLimits:
        """These limits, with those of `other` where they are None."""
        return RateLimits(**{**other.model_dump(exclude_none=True), **self.model_dump(exclude_none=True)})

    def within(self, other: RateLimits) -> RateLimits:
        """The stricter of both, limit by limit."""
        pairs = {name: (getattr(self, name), getattr(other, name)) for name in RateLimits.model_fields}
        return RateLimits(**{name: min((one for one in pair if one is not None), default=None) for name, pair in pairs.items()})


Budget = Literal["calls", "tokens", "usd", "seconds"]
"""Names of a run's budgets."""


class Limits(Model):
    """Budgets of a run, and the rate limits of its models. None is no limit."""

    called: ClassVar[str] = "'limits'"

    calls: int | None = Field(default=None, ge=0)
    """Most LLM calls."""
    tokens: int | None = Field(default=None, ge=0)
    """Most tokens, read and written."""
    usd: float | None = Field(default=None, ge=0)
    """Most money, in US dollars."""
    seconds: float | None = Field(default=None, ge=0)
    """Longest time."""
    on_limit: Literal["stop", "fail"] = "stop"
    """At a limit: `stop` ends the loops with the best so far, `fail` is an error."""
    roles: Mapping[Role, RateLimits] = {}
    """Rate limits by role."""

    @property
    def budgeted(self) -> bool:
        """Whether it has a budget: a limit at which a run or a stage ends."""
        return (self.calls, self.tokens, self.usd, self.seconds) != (None, None, None, None)

    def with_budgets(self, budgets: Mapping[Budget, float]) -> Limits:
        """These limits with `budgets` in place of their own; calls and tokens are rounded down."""
        whole: dict[str, float] = {
            name: int(value) if name in ("calls", "tokens") else value for name, value in budgets.items()
        }
        return self.model_copy(update=whole)


class SharedLimits(Model):
    """Limits of all runs of a sweep together. None is no limit."""

    called: ClassVar[str] = "the limits of all"

    calls: int | None = Field(default=None, ge=0)
    """Most LLM calls."""
    tokens: int | None = Field(default=None, ge=0)
    """Most tokens, read and written."""
    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Most money, in US dollars."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Most requests to each model in any minute, including failed tries."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Most tokens, read and written, of the requests to each model in any minute."""

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return any(getattr(self, name) is not None for name in type(self).model_fields)

    def share(self, of: int) -> SharedLimits:
        """The limits of one of `of` workers that can't ask one another, rounded down; a rate limit is at least 1."""
        part: dict[str, float] = {}
        for name, limit in self.model_dump(exclude_none=True).items():
            part[name] = limit / of if name == "usd" else max(limit // of, 1 if name.endswith("_minute") else 0)
        return SharedLimits.model_validate(part)


class StageLimits(Model):
    """Limits of a stage: a pipeline that is called as a node. None is no limit."""

    called: ClassVar[str] = "the limits of a stage"

    calls: int | None = Field(default=None, ge=0)
    """Most new LLM calls."""
    tokens: int | None = Field(default=None, ge=0)
    """Most tokens of them, read and written."""
    usd: float | None = Field(default=None, ge=0)
    """Most money, in US dollars."""
    share: float | None = Field(default=None, gt=0, le=1)
    """Share of the calls, tokens and dollars that the steps before have left of the limits around it."""

    def shared(self, left: Mapping[str, float]) -> Limits:
        """The limits when `left` is left around it, by limit."""
        found: dict[str, float] = {}
        for name in ("calls", "tokens", "usd"):
            part = None if self.share is None or name not in left else self.share * left[name]
            known = [limit for limit in (getattr(self, name), part) if limit is not None]
            if known:
                # A share such as 0.3 of 10 is 2.9999999999999996 in floating point.
                found[name] = min(known) if name == "usd" else int(min(known) + 1e-9)
        return Limits.model_validate(found)
