"""What a run may spend: calls, tokens, money, seconds; refused before it is exceeded.

A call is reserved before it is made and settled after, so any number in flight at once can't pass a limit on calls. What
tokens and money a call costs is known only afterwards: for tokens an estimate is held meanwhile, for money the mean price so
far, and the overshoot is at most what was in flight.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from promptwire.errors import LimitReached
from promptwire.steps import Limits

__all__ = ["Budget", "Hold"]

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Hold:
    """One call that was reserved and is not settled yet."""

    tokens: int
    """Estimated tokens, read and written."""


class Budget:
    """The purse of one run. Without limits it only counts."""

    def __init__(self, limits: Limits | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._began = clock()
        self._calls = self._tokens = 0
        self._usd = 0.0
        self._held_calls = self._held_tokens = 0
        self._unpriced = False
        self._aside = Limits()

    def reserve(self, calls: int, tokens: int = 0) -> list[Hold]:
        """Hold `calls` calls of about `tokens` tokens each, all or none.

        Raises LimitReached when that would pass a limit.
        """
        left = self.left()
        if left.seconds is not None and left.seconds <= 0:
            raise self.out_of_time()
        if left.calls is not None and calls > left.calls:
            raise self._refusal("calls", f"{self.limits.calls} calls")
        if left.tokens is not None and (left.tokens <= 0 or calls * tokens > left.tokens):
            raise self._refusal("tokens", f"{self.limits.tokens} tokens")
        if left.usd is not None and self._unpriced:
            raise LimitReached(
                "a limit in dollars can't be held: the model does not say what its answers cost",
                hint="limit calls or tokens instead: --limit calls=N",
            )
        if left.usd is not None and left.usd <= 0:
            raise self._refusal("usd", f"{self.limits.usd:g} dollars")
        self._held_calls += calls
        self._held_tokens += calls * tokens
        return [Hold(tokens)] * calls

    def settle(self, hold: Hold, *, tokens: int, usd: float | None) -> None:
        """Book the answer that `hold` was for: its tokens (0 when unknown: the estimate counts) and its price."""
        self.cancel(hold)
        self._calls += 1
        self._tokens += tokens or hold.tokens
        self._usd += usd or 0.0
        self._unpriced |= usd is None

    def cancel(self, hold: Hold) -> None:
        """Give `hold` back: its call brought no answer."""
        self._held_calls -= 1
        self._held_tokens -= hold.tokens

    def set_aside(self, calls: int = 0, *, tokens: int = 0, usd: float = 0.0, seconds: float = 0.0) -> None:
        """Keep this much back, for the evaluation at the end, until `release`. Limits that are not set keep nothing back."""
        self._aside = Limits(calls=calls, tokens=tokens, usd=usd, seconds=seconds)

    def release(self) -> None:
        """Let what was set aside be spent."""
        self._aside = Limits()

    def left(self) -> Limits:
        """What may still be reserved; None where there is no limit, never below 0."""
        limits, aside = self.limits, self._aside
        flying = self._held_calls * self._usd / self._calls if self._calls else 0.0
        return replace(
            limits,
            calls=_rest(limits.calls, self._calls + self._held_calls, aside.calls),
            tokens=_rest(limits.tokens, self._tokens + self._held_tokens, aside.tokens),
            usd=_rest(limits.usd, self._usd + flying, aside.usd),
            seconds=_rest(limits.seconds, self._clock() - self._began, aside.seconds),
        )

    def out_of_time(self) -> LimitReached:
        """What is said when the seconds are used up."""
        return self._refusal("seconds", f"{self.limits.seconds or 0:g} seconds")

    @property
    def spent(self) -> Limits:
        """What was spent: calls, tokens, dollars, seconds. Answers without a known price count nothing in dollars."""
        return Limits(calls=self._calls, tokens=self._tokens, usd=self._usd, seconds=self._clock() - self._began)

    def _refusal(self, name: str, limit: str) -> LimitReached:
        kept = getattr(self._aside, name)
        aside = f" ({kept:g} of them kept back for the final evaluation)" if kept else ""
        return LimitReached(
            f"the limit of {limit} is reached{aside}",
            hint=f"run again with a higher limit, such as --limit {name}=...: what was answered so far is not asked again",
        )


def _rest(limit: N | None, used: N, aside: N | None) -> N | None:
    return None if limit is None else max(limit - used - (aside or 0), 0)
