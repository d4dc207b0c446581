"""What a run may spend: calls, tokens, money, seconds; refused before it is exceeded.

A call is reserved before it is made and settled after, so any number in flight at once can't pass a limit on calls. What
tokens and money a call costs is known only afterwards: for tokens an estimate is held meanwhile, for money the mean price so
far, and the overshoot is at most what was in flight.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from promptwire.backend import Charge
from promptwire.errors import LimitReached
from promptwire.limits import Limits
from promptwire.node import Role

__all__ = ["Budget", "Reservation"]

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One call that was reserved and is not settled yet."""

    tokens: int
    """Estimated tokens, read and written."""
    role: str = ""
    """The role that is asked."""


@dataclass(slots=True)
class _Count:
    """The calls of one role, or of all."""

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
        """Tokens a call, in flight or not."""
        return (self.tokens + self.held_tokens) / (self.calls + self.held or 1)

    def mean_usd(self) -> float:
        """Dollars a call that was answered."""
        return self.usd / (self.calls or 1)


class Budget:
    """The purse of one run. Without limits it only counts."""

    def __init__(self, limits: Limits | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self._clock = clock
        self._began = clock()
        self._all = _Count()
        self._by_role: dict[str, _Count] = {}
        self._unpriced = False
        self._aside: Mapping[Role, int] = {}
        self._length: Mapping[Role, float] = {}
        self._longer = 0.0

    def reserve(self, calls: int, tokens: int = 0, *, role: str = "") -> list[Reservation]:
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
            raise self._unknown_price()
        if left.usd is not None and left.usd <= 0:
            raise self._refusal("usd", f"{self.limits.usd:g} dollars")
        for count in self._counts(role):
            count.hold(calls, tokens)
        return [Reservation(tokens, role)] * calls

    def settle(self, hold: Reservation, *, tokens: int, usd: float | None) -> None:
        """Book the answer that `hold` was for: its tokens (0 when unknown: the estimate counts) and its price."""
        self.cancel(hold)
        for count in self._counts(hold.role):
            count.book(tokens or hold.tokens, usd or 0.0)
        self._unpriced |= usd is None

    def cancel(self, hold: Reservation) -> None:
        """Give `hold` back: its call brought no answer."""
        for count in self._counts(hold.role):
            count.hold(-1, hold.tokens)

    def charge(self, costs: Sequence[Charge], *, role: str) -> None:
        """Book what replies cost that brought no answer: the call that they were for stays held."""
        for cost in costs:
            for count in self._counts(role):
                count.charge(cost)
            self._unpriced |= cost.usd is None

    def check(self) -> None:
        """Raise LimitReached when what was charged has passed a limit, so that the call may not be tried again."""
        limits, spent, aside = self.limits, self._all, self._kept_back()
        if limits.tokens is not None and spent.tokens + spent.held_tokens + (aside.tokens or 0) > limits.tokens:
            raise self._refusal("tokens", f"{limits.tokens} tokens")
        if limits.usd is not None and self._unpriced:
            raise self._unknown_price()
        if limits.usd is not None and spent.usd + (aside.usd or 0.0) >= limits.usd:
            raise self._refusal("usd", f"{limits.usd:g} dollars")

    def reserve_final(self, calls: Mapping[Role, int], tokens: Mapping[Role, float] | None = None) -> None:
        """Keep back what so many calls of each role need, for the evaluation at the end, until `release`.

        `tokens` says about how many a call of each role takes, for as long as none was made.
        """
        self._aside, self._length = calls, tokens or {}

    def release(self) -> None:
        """Let what was set aside be spent: the time in full, though a search may have computed past its end without asking."""
        late = self._elapsed() + (self._kept_back().seconds or 0.0) - (self.limits.seconds or math.inf)
        self._longer = max(0.0, late)
        self._aside = {}

    def left(self) -> Limits:
        """What may still be reserved; None where there is no limit, never below 0."""
        limits, spent, aside = self.limits, self._all, self._kept_back()
        rest = {
            "calls": _rest(limits.calls, spent.calls + spent.held, aside.calls),
            "tokens": _rest(limits.tokens, spent.tokens + spent.held_tokens, aside.tokens),
            "usd": _rest(limits.usd, spent.usd + spent.held * spent.mean_usd(), aside.usd),
            "seconds": _rest(limits.seconds, self._elapsed() - self._longer, aside.seconds),
        }
        return limits.model_copy(update=rest)

    def _kept_back(self) -> Limits:
        """What was set aside: calls in full; tokens and dollars at their mean a call of the role, seconds at that of all.

        Of a limit on calls that is too small for that, half is kept back. A mean over few calls may be far off, at first by
        the time in which a model is loaded, so half of a limit is always there to search with. A search need not ask, so a
        twentieth of the time is kept back however fast the calls were.
        """
        calls = sum(self._aside.values())
        if not calls:
            return Limits()
        roles = {role: self._by_role.get(role, _Count()) for role in self._aside}
        tokens = sum(self._aside[role] * (count.mean_tokens() or self._length.get(role, 0)) for role, count in roles.items())
        usd = sum(self._aside[role] * count.mean_usd() for role, count in roles.items())
        seconds = calls * self._elapsed() / (self._all.calls or math.inf)
        limits, most = self.limits, (self.limits.seconds or 0.0) / 2
        return Limits(
            calls=calls if limits.calls is None or calls < limits.calls else math.ceil(limits.calls / 2),
            tokens=int(min(tokens, (limits.tokens or 0) / 2)),
            usd=min(usd, (limits.usd or 0.0) / 2),
            seconds=min(max(seconds, most / 10), most),
        )

    def _counts(self, role: str) -> tuple[_Count, _Count]:
        return self._all, self._by_role.setdefault(role, _Count())

    def _elapsed(self) -> float:
        return self._clock() - self._began

    def out_of_time(self) -> LimitReached:
        """What is said when the seconds are used up."""
        return self._refusal("seconds", f"{self.limits.seconds or 0:g} seconds")

    @property
    def spent(self) -> Limits:
        """What was spent: calls, tokens, dollars, seconds. Answers without a known price count nothing in dollars."""
        spent = self._all
        return Limits(calls=spent.calls, tokens=spent.tokens, usd=spent.usd, seconds=self._elapsed())

    @staticmethod
    def _unknown_price() -> LimitReached:
        problem = "a limit in dollars can't be held: the model does not say what its answers cost"
        return LimitReached(problem, hint="limit calls or tokens instead: --limit calls=N")

    def _refusal(self, name: str, limit: str) -> LimitReached:
        kept = getattr(self._kept_back(), name)
        aside = f" ({kept:.6g} of them kept back for the final evaluation)" if kept else ""
        return LimitReached(
            f"the limit of {limit} is reached{aside}",
            hint=f"run again with a higher limit, such as --limit {name}=...: what was answered so far is not asked again",
        )


def _rest(limit: N | None, used: N, aside: N | None) -> N | None:
    return None if limit is None else max(limit - used - (aside or 0), 0)
