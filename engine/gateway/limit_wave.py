"""What a holder of a shared budget, which is one run, tells and asks, and what it is answered.

A holder tells all that it has spent and holds so far, not what is new. So a message that arrives twice counts once, and a
server that has forgotten is told again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from promptwire.limits import SharedLimits

__all__ = ["MINUTE", "NANO", "NOTHING", "Amount", "Answer", "Ask", "Caps", "Permit", "Reply", "Wave"]

MINUTE: Final = 60_000
"""Length of the sliding window, in milliseconds."""
NANO: Final = 1_000_000_000
"""Parts of a dollar: whole numbers add up the same everywhere."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits of all holders together. None is no limit."""

    calls: int | None = None
    """Most calls."""
    tokens: int | None = None
    """Most tokens."""
    nano: int | None = None
    """Most money, in billionths of a dollar."""
    requests_per_minute: int | None = None
    """Most requests to a model in any minute."""
    tokens_per_minute: int | None = None
    """Most tokens of the requests to a model in any minute."""

    @classmethod
    def of(cls, limits: SharedLimits) -> Caps:
        """The limits as whole numbers."""
        nano = None if limits.usd is None else round(limits.usd * NANO)
        return cls(limits.calls, limits.tokens, nano, limits.requests_per_minute, limits.tokens_per_minute)


@dataclass(frozen=True, slots=True)
class Amount:
    """Calls and their cost."""

    calls: int = 0
    """Number of calls."""
    tokens: int = 0
    """Tokens read and written."""
    nano: int = 0
    """Billionths of a dollar."""

    def plus(self, other: Amount) -> Amount:
        """The sum of both."""
        return Amount(self.calls + other.calls, self.tokens + other.tokens, self.nano + other.nano)

    def minus(self, other: Amount) -> Amount:
        """The difference of both."""
        return Amount(self.calls - other.calls, self.tokens - other.tokens, self.nano - other.nano)

    def most(self, other: Amount) -> Amount:
        """The larger of each number."""
        return Amount(max(self.calls, other.calls), max(self.tokens, other.tokens), max(self.nano, other.nano))


NOTHING: Final = Amount()
"""No calls, no cost."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish for calls, all or none."""

    calls: int
    """Number of calls."""
    tokens: int
    """Estimated tokens of all of them."""
    final: bool = False
    """Whether they are the comparison at the end of a run that has not started."""


@dataclass(frozen=True, slots=True)
class Permit:
    """A request that is sent in the minute."""

    name: str
    """Name of the request, used once."""
    tokens: int
    """Tokens that it took, or the estimate."""
    lane: str = ""
    """The model that it is sent to. Each has a pace of its own."""


@dataclass(frozen=True, slots=True)
class Wave:
    """What a holder tells and asks at once."""

    holder: str
    """Name of the holder, used once."""
    epoch: int = 0
    """Life of the server as the holder knows it; 0 at first."""
    life: int = 0
    """Life of the holder as the server told it; 0 at first."""
    spent: Amount = NOTHING
    """All that it has spent so far."""
    held: Amount = NOTHING
    """Calls in flight, with their estimated tokens."""
    final: Amount = NOTHING
    """Calls reserved for its comparison."""
    unpriced: bool = False
    """Whether a price was unknown."""
    acked: Amount = NOTHING
    """What of `spent` the server has confirmed."""
    seen: Amount = NOTHING
    """What all had spent when the server last replied."""
    asks: tuple[Ask, ...] = ()
    """Wishes, in order."""
    sends: tuple[Permit, ...] = ()
    """Requests that wait to be sent, in order."""
    settled: tuple[Permit, ...] = ()
    """Requests that were sent, with the tokens that they took."""
    leaves: bool = False
    """Whether the holder has ended."""


Answer = Literal["granted", "wait", "calls", "tokens", "usd", "price"]
"""Answer to a wish: granted, not yet, or the limit that forbids it for good. `price`: one in dollars, with no price."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to a wave."""

    state: Literal["ok", "grace", "lapsed", "absent"]
    """`grace`: nothing is granted yet, as the server has forgotten. `lapsed`: the holder was taken for dead and holds nothing.
    `absent`: the sweep is not known."""
    epoch: int = 0
    """Life of the server."""
    life: int = 0
    """Life of the holder."""
    total: Amount = NOTHING
    """What all have spent."""
    asks: tuple[Answer, ...] = ()
    """Answer to each wish."""
    sends: tuple[int, ...] = ()
    """Milliseconds until each request may be sent; 0 when it may."""
