"""Budget of a run: calls, tokens, dollars and seconds, checked before each call.

A call is reserved before it is made and settled after, so calls in flight can't exceed a limit on calls. The tokens and the
price of a call are known only afterwards. Meanwhile the budget holds an estimate for tokens and the mean price so far for
dollars. The overshoot is at most what was in flight.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from promptwire.backend import Charge
from promptwire.errors import LimitReached
from promptwire.gateway.call_count import CallCount
from promptwire.gateway.headroom import fits
from promptwire.gateway.stage_budget import SHARED, Reservation, StageBudget, stages_around, used_by
from promptwire.limits import Limits, StageLimits
from promptwire.node import Role

if TYPE_CHECKING:
    from promptwire.gateway.shared_budget import SharedBudget

__all__ = ["Budget", "Reservation", "reserved_calls"]


class Budget:
    """Budget of one run. Without limits it only counts."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        shared: SharedBudget | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`shared` is the budget of the sweep that the run is part of, which holds too."""
        self.limits = limits or Limits()
        self.shared = shared
        self._clock = clock
        self._began = clock()
        self._all = CallCount()
        self._by_role: dict[str, CallCount] = {}
        self._by_step: dict[str, CallCount] = {}
        self._stages: list[StageBudget] = []
        self._unpriced = False
        self._final_calls: Mapping[Role, int] = {}
        self._final_tokens: Mapping[Role, float] = {}
        self._extension = 0.0
        self._limited = [name for name in (*SHARED, "seconds") if getattr(self.limits, name) is not None]

    def stage(
        self, path: str, limits: StageLimits, *, around: StageBudget | None = None, before: Collection[str] = ()
    ) -> StageBudget:
        """Open the budget of the stage at `path`, which is part of the stage `around`.

        A share is of what the steps at the paths `before` have left, which are those that the stage waits for. Steps beside it
        have no effect, so the share does not depend on what finishes first.
        """
        made = StageBudget(path, limits.shared(self._left_after(before, around)), around)
        self._stages.append(made)
        return made

    def reserve(
        self, calls: int, tokens: int = 0, *, role: str = "", node: str = "", stage: StageBudget | None = None
    ) -> list[Reservation]:
        """Reserve `calls` calls of about `tokens` tokens each for the step `node` of `stage`, all or none.

        Raises LimitReached when that would exceed a limit of the run or of a stage.
        """
        left = self._left()
        if left.get("seconds", 1) <= 0:
            raise self.out_of_time()
        # Before the limits of the run: a last stage may have all that is left as its share, and ends without ending the run.
        for one in stages_around(stage):
            if one.limits.usd is not None and self._unpriced:
                raise self._unknown_price()
            one.admit(calls, tokens, self._all.mean_usd())
        if "calls" in left and calls > left["calls"]:
            raise self._refusal("calls", f"{self.limits.calls} calls")
        if "tokens" in left and (left["tokens"] <= 0 or calls * tokens > left["tokens"]):
            raise self._refusal("tokens", f"{self.limits.tokens} tokens")
        if "usd" in left and self._unpriced:
            raise self._unknown_price()
        if "usd" in left and left["usd"] <= 0:
            raise self._refusal("usd", f"{self.limits.usd:g} dollars")
        made = Reservation(tokens, role, node, stage, tuple(self._counts(role, node, stage)))
        for count in made.counts:
            count.hold(calls, tokens)
        if self.shared is not None:
            return [replace(made, hold=hold) for hold in self.shared.holds(calls, tokens)]
        return [made] * calls

    def affordable(self, roles: Sequence[str], stage: StageBudget | None = None) -> int | None:
        """About how often one call of each of `roles` can still be made, at their mean costs so far; None without a limit.

        Calls that belong together, such as an answer and its grade, are made that many at a time. Otherwise the first calls of
        all of them could use up the limit, and nothing would be complete.
        """
        run, mean = self._left(), self._all.mean_usd()
        left: list[tuple[str, float]] = [(name, run[name]) for name in SHARED if name in run]
        left += [pair for one in stages_around(stage) for pair in one.left(mean).items()]
        counts = [self._by_role.get(role, CallCount()) for role in roles]
        costs = {
            "calls": float(len(roles)),
            "tokens": math.fsum(count.mean_tokens() for count in counts),
            "usd": math.fsum(count.mean_usd() for count in counts),
        }
        known = [int(rest / costs[name]) for name, rest in left if costs[name]]
        if any(name != "calls" for name, _ in left) and not all(count.calls for count in counts):
            known.append(1)  # the first shows what they cost
        return min(known, default=None)

    def surely_holds(self, calls: Mapping[Role, int]) -> bool:
        """Whether no limit of the run will be reached by so many more calls of each role, at twice their mean cost so far."""
        return fits(calls, self.left(), self._by_role, self._elapsed() / (self._all.calls or 1))

    def settle(self, reservation: Reservation, *, tokens: int, usd: float | None) -> None:
        """Replace a reservation by the cost of its completion. With 0 tokens, which means unknown, the estimate counts."""
        for count in reservation.counts:
            count.hold(-1, reservation.tokens)
            count.book(tokens or reservation.tokens, usd or 0.0)
        self._unpriced |= usd is None
        if reservation.hold is not None:
            reservation.hold.settle(tokens or reservation.tokens, usd)

    def cancel(self, reservation: Reservation) -> None:
        """Release a reservation whose call brought no completion."""
        for count in reservation.counts:
            count.hold(-1, reservation.tokens)
        if reservation.hold is not None:
            reservation.hold.cancel()

    def charge(self, costs: Sequence[Charge], reservation: Reservation) -> None:
        """Count the cost of replies that brought no completion. The reservation of their call stays."""
        for cost in costs:
            for count in reservation.counts:
                count.charge(cost)
            self._unpriced |= cost.usd is None
            if reservation.hold is not None:
                reservation.hold.charge(cost.tokens_in + cost.tokens_out, cost.usd)

    def check(self, stage: StageBudget | None = None) -> None:
        """Raise LimitReached when charges have exceeded a limit, so that a call of `stage` is not retried."""
        limits, spent = self.limits, self._all
        if limits.tokens is not None and spent.tokens + spent.held_tokens + self._final_reserve("tokens") > limits.tokens:
            raise self._refusal("tokens", f"{limits.tokens} tokens")
        if limits.usd is not None and self._unpriced:
            raise self._unknown_price()
        if limits.usd is not None and spent.usd + self._final_reserve("usd") >= limits.usd:
            raise self._refusal("usd", f"{limits.usd:g} dollars")
        for one in stages_around(stage):
            one.check()

    def reserve_final(self, calls: Mapping[Role, int], tokens: Mapping[Role, float] | None = None) -> None:
        """Reserve `calls` of each role for the final evaluation, until `release`.

        `tokens` estimates the tokens of a call of each role; it counts while the role has made no call.
        """
        self._final_calls, self._final_tokens = calls, tokens or {}

    async def start(self) -> None:
        """Reserve the final evaluation in the budget of the sweep, which may take a while. Raises NotStarted if it can't be."""
        if self.shared is not None:
            most = self.limits.calls
            calls = sum(self._final_calls.values())
            tokens = sum(number * self._final_tokens.get(role, 0) for role, number in self._final_calls.items())
            await self.shared.start(calls if most is None else reserved_calls(most, calls), round(tokens))
            self._began = self._clock()

    def release(self) -> None:
        """Release what `reserve_final` reserved. Its time is granted in full, even when a search computed past its own end."""
        late = self._elapsed() + self._final_reserve("seconds") - (self.limits.seconds or math.inf)
        self._extension = max(0.0, late)
        self._final_calls = {}
        if self.shared is not None:
            self.shared.release()

    def left(self) -> Limits:
        """What may still be reserved: None where there is no limit, never below 0."""
        return self.limits.model_copy(update=self._left())

    def seconds_left(self) -> float | None:
        """Seconds that are left; None without a limit."""
        return self._rest("seconds") if self.limits.seconds is not None else None

    def _left(self) -> dict[str, float]:
        """What may still be reserved of each limit that is set. It is read for each call, so nothing else is computed."""
        return {name: self._rest(name) for name in self._limited}

    def _rest(self, name: str) -> float:
        """What may still be reserved of the limit `name`, never below 0."""
        spent = self._all
        if name == "calls":
            used: float = spent.calls + spent.held
        elif name == "tokens":
            used = spent.tokens + spent.held_tokens
        elif name == "usd":
            used = spent.usd + spent.held * spent.mean_usd()
        else:
            used = self._elapsed() - self._extension
        rest: float = max(getattr(self.limits, name) - used - self._final_reserve(name), 0)
        return rest

    def _final_reserve(self, name: str) -> float:
        """What is reserved of the limit `name` for the final evaluation.

        Calls are reserved in full; tokens and dollars at the role's mean per call; seconds at the mean of all calls. Where a
        limit on calls is too small for that, half of it is reserved. A mean over few calls may be far off, for example by the
        time in which a model is loaded. So at least half of each limit is left for the search. A search may compute without
        calls, so at least a twentieth of the time is reserved.
        """
        calls = sum(self._final_calls.values())
        limit: float | None = getattr(self.limits, name)
        if not calls or limit is None:
            return 0
        if name == "calls":
            return reserved_calls(int(limit), calls)
        if name == "seconds":
            return min(max(calls * self._elapsed() / (self._all.calls or math.inf), limit / 2 / 10), limit / 2)
        roles = {role: self._by_role.get(role, CallCount()) for role in self._final_calls}
        if name == "tokens":
            means = {role: count.mean_tokens() or self._final_tokens.get(role, 0) for role, count in roles.items()}
            return int(min(sum(self._final_calls[role] * mean for role, mean in means.items()), limit / 2))
        # A role without a completed call is taken to cost what the others cost.
        usd = sum(self._final_calls[role] * (count if count.calls else self._all).mean_usd() for role, count in roles.items())
        return min(usd, limit / 2)

    def _left_after(self, before: Collection[str], around: StageBudget | None) -> Mapping[str, float]:
        """What the steps at the paths `before` have left of each limit of the run and of the stage `around`."""
        found: dict[str, float] = {}
        for limits, inside in ((self.limits, ""), *((one.limits, one.path) for one in stages_around(around))):
            used = used_by(before, self._by_step, self._stages, inside=inside)
            for name in SHARED:
                limit = getattr(limits, name)
                if limit is not None:
                    left = max(0.0, limit - used[name] - (0 if inside else self._final_reserve(name)))
                    found[name] = min(left, found.get(name, left))
        return found

    def _counts(self, role: str, node: str, stage: StageBudget | None) -> Iterator[CallCount]:
        """The counts that a call is part of: of the run, of its role, of its step, and of the stages around."""
        yield self._all
        for counts, name in ((self._by_role, role), (self._by_step, node)):
            if name not in counts:
                counts[name] = CallCount()
            yield counts[name]
        yield from (one.count for one in stages_around(stage))

    def _elapsed(self) -> float:
        return self._clock() - self._began

    def out_of_time(self) -> LimitReached:
        """The error for a run whose seconds are used up."""
        return self._refusal("seconds", f"{self.limits.seconds or 0:g} seconds")

    @property
    def spent(self) -> Limits:
        """Calls, tokens, dollars and seconds spent. Completions without a known price count as 0 dollars."""
        spent = self._all
        return Limits(calls=spent.calls, tokens=spent.tokens, usd=spent.usd, seconds=self._elapsed())

    @staticmethod
    def _unknown_price() -> LimitReached:
        problem = "a limit in dollars can't be enforced, as the model reports no prices: limit calls or tokens"
        return LimitReached(problem, hint="limit calls or tokens instead: --limit calls=N")

    def _refusal(self, name: str, limit: str) -> LimitReached:
        reserved = self._final_reserve(name)
        final = f" ({reserved:.6g} of them reserved for the final evaluation)" if reserved else ""
        return LimitReached(
            f"the limit of {limit} is reached{final}",
            hint=f"run again with a higher limit, such as --limit {name}=...: answers so far are cached",
        )


def reserved_calls(limit: int, calls: int) -> int:
    """How many calls of a `limit` are reserved for a final evaluation of `calls`."""
    return calls if calls < limit else math.ceil(limit / 2)
