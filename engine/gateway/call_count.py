"""Calls, tokens and dollars spent by one role, one step, one stage, or all of a run."""

from __future__ import annotations

from dataclasses import dataclass

from promptwire.backend import Charge

__all__ = ["CallCount"]


@dataclass(slots=True)
class CallCount:
    """Completed calls and calls in flight."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    held: int = 0
    """Calls in flight."""
    held_tokens: int = 0

    def hold(self, calls: int, tokens: int) -> None:
        self.held, self.held_tokens = self.held + calls, self.held_tokens + calls * tokens

    def book(self, tokens: int, usd: float) -> None:
        self.calls, self.tokens, self.usd = self.calls + 1, self.tokens + tokens, self.usd + usd

    def charge(self, cost: Charge) -> None:
        self.tokens, self.usd = self.tokens + cost.tokens_in + cost.tokens_out, self.usd + (cost.usd or 0.0)

    def mean_tokens(self) -> float:
        """Tokens per call, including calls in flight."""
        return (self.tokens + self.held_tokens) / (self.calls + self.held or 1)

    def mean_usd(self) -> float:
        """Dollars per completed call."""
        return self.usd / (self.calls or 1)
