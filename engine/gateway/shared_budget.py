"""A run's part in the budget and the pace that the runs of a sweep share.

A call is reserved at the common account before it is sent, and settled after. A limit can be used up to the last call: where
only calls in flight elsewhere stand in the way, a call waits until they have ended. A run reserves its comparison when it
starts, so a search that was paid for always ends with its result.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from promptwire.errors import LimitReached, NotStarted
from promptwire.gateway.limit_exchange import LONGEST, LimitExchange
from promptwire.gateway.limit_store import LimitStore
from promptwire.gateway.limit_wave import NANO, NOTHING, Amount, Answer, Ask, Permit
from promptwire.limits import SharedLimits
from promptwire.values.hashing import digest

__all__ = ["Hold", "SharedBudget"]

_UNITS: Final = {"calls": "calls", "tokens": "tokens", "usd": "dollars"}


class _Launch:
    """Calls that are asked for together."""

    __slots__ = ("holds", "waiting")

    def __init__(self) -> None:
        self.holds: list[Hold] = []
        self.waiting: asyncio.Future[Answer] | None = None


class Hold:
    """One call of a run that is to be reserved before it is sent."""

    __slots__ = ("_of", "covered", "ended", "launch", "life", "tokens", "wanted")

    def __init__(self, of: SharedBudget, launch: _Launch, tokens: int) -> None:
        self._of = of
        self.launch = launch
        self.tokens = tokens
        """Its estimated tokens."""
        self.wanted = self.covered = self.ended = False
        """Whether it is to be sent, is reserved, has ended."""
        self.life = 0
        """Life of the run in which it was reserved."""

    @property
    def missing(self) -> bool:
        """Whether it is to be sent and not reserved."""
        return self.wanted and not self.ended and not self._of.covers(self)

    def want(self) -> None:
        """It is to be sent. Calls of one launch that are wanted in one turn of the event loop are granted all or none."""
        self.wanted = True

    async def granted(self) -> None:
        """Wait until it is reserved. Raises LimitReached when a limit of the sweep forbids that."""
        await self._of.grant(self)

    def settle(self, tokens: int, usd: float | None) -> None:
        """It brought its completion."""
        self._of.charge(tokens, usd, calls=1)
        self._of.free(self)

    def cancel(self) -> None:
        """It ended without one."""
        self._of.free(self)

    def charge(self, tokens: int, usd: float | None) -> None:
        """Count a reply that brought no completion."""
        self._of.charge(tokens, usd)


class SharedBudget:
    """One run at the common account, within an `async with`."""

    def __init__(
        self,
        store: LimitStore,
        limits: SharedLimits,
        *,
        longest: float = LONGEST,
        say: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`longest` is how many seconds the run waits for an account that is away. `say` gets what the user should know."""
        self.limits = limits
        self.refused = ""
        """The limit of the sweep that cut the run short or did not let it start; empty when none did."""
        self.budgeted = (limits.calls, limits.tokens, limits.usd) != (None, None, None)
        """Whether a budget may be used up."""
        self._paced = limits.requests_per_minute is not None or limits.tokens_per_minute is not None
        self._account = LimitExchange(store, lapsed=self._lapsed, longest=longest, say=say, clock=clock)
        self._needs = Ask(0, 0, final=True)
        self._released = False

    async def __aenter__(self) -> SharedBudget:
        await self._account.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        await self._account.close(failed=kind is not None)

    @property
    def total(self) -> Amount:
        """What all runs had spent when the account last replied."""
        return self._account.seen

    async def start(self, calls: int, tokens: int) -> None:
        """Reserve the comparison at the end of the run. Raises NotStarted when that can't be."""
        self._needs = Ask(calls, tokens, final=True)
        answer = await self._account.wish(lambda: self._needs, self._keep)
        if answer != "granted":
            limit = self._refusal(answer)
            problem = f"{limit.problem}; this run was not started, as its comparison may need {calls:,} calls"
            raise NotStarted(problem, hint=limit.hint)

    def release(self) -> None:
        """Take calls from what `start` reserved from now on, as far as it goes."""
        self._released = True

    def holds(self, calls: int, tokens: int) -> list[Hold]:
        """Calls of about `tokens` tokens each that are to be reserved. Nothing is asked before `Hold.granted`."""
        launch = _Launch()
        launch.holds = [Hold(self, launch, tokens) for _ in range(calls)]
        return launch.holds

    def covers(self, hold: Hold) -> bool:
        """Whether `hold` is reserved, in the present life of the run."""
        return not self.budgeted or (hold.covered and hold.life == self._account.life)

    async def grant(self, hold: Hold) -> None:
        """Wait until `hold` is reserved; see `Hold.granted`."""
        launch = hold.launch
        while hold.missing:
            if self._released and self._account.final.calls:
                self._draw(hold)
                return
            if launch.waiting is None:
                launch.waiting = self._account.wish(lambda: self._missing(launch), lambda ask: self._cover(launch, ask))
                launch.waiting.add_done_callback(lambda done: setattr(launch, "waiting", None))
            answer = await asyncio.shield(launch.waiting)
            if answer != "granted":
                raise self._refusal(answer)

    async def may_send(self, holds: Sequence[Hold], tokens: int, *, lane: str) -> Permit | None:
        """Wait until a request of about `tokens` tokens for `holds` may be sent to the model `lane`.

        Returns what `sent` takes; None without a common pace.
        """
        permit = await self._account.permit(tokens, digest(lane, 16)) if self._paced else None
        await self._account.contact()
        for hold in holds:
            await self.grant(hold)
        return permit

    def sent(self, permit: Permit, tokens: int) -> None:
        """The request with `permit` took `tokens` tokens; 0 when it failed."""
        self._account.settle(permit, tokens)

    def free(self, hold: Hold) -> None:
        """The call `hold` has ended."""
        if self.budgeted and not hold.ended and self.covers(hold):
            self._account.held = self._account.held.minus(Amount(1, hold.tokens))
            self._account.soon()
        hold.ended = True

    def charge(self, tokens: int, usd: float | None, *, calls: int = 0) -> None:
        """Count a cost, of a completed call or of a reply without a completion."""
        cost = Amount(calls, tokens, round((usd or 0.0) * NANO))
        self._account.spent = self._account.spent.plus(cost)
        self._account.unpriced |= usd is None
        self._account.soon()

    @staticmethod
    def _missing(launch: _Launch) -> Ask:
        missing = [hold.tokens for hold in launch.holds if hold.missing]
        return Ask(len(missing), sum(missing))

    def _cover(self, launch: _Launch, ask: Ask) -> None:
        """Take granted calls, without those that were given up meanwhile."""
        for hold in [hold for hold in launch.holds if hold.missing][: ask.calls]:
            self._reserved(hold)

    def _reserved(self, hold: Hold) -> None:
        hold.covered, hold.life = True, self._account.life
        self._account.held = self._account.held.plus(Amount(1, hold.tokens))

    def _keep(self, ask: Ask) -> None:
        self._account.final = self._account.final.plus(Amount(ask.calls, ask.tokens))

    def _draw(self, hold: Hold) -> None:
        """Take a call from the reserved comparison, which no limit can refuse any more."""
        final = self._account.final
        left = final.minus(Amount(1, min(final.tokens, hold.tokens)))
        self._account.final = left if left.calls else NOTHING
        self._reserved(hold)

    def _lapsed(self) -> None:
        """Ask for the comparison again, when the run was taken for dead and what it had reserved was given back."""
        if self._needs.calls and not self._released:
            self._account.wish(lambda: self._needs, self._keep)

    def _refusal(self, name: Answer) -> LimitReached:
        if name == "price":
            what = "the sweep's limit in dollars can't be enforced, as a model reports no prices"
            hint = "limit calls or tokens instead, under `limits: {all: ...}` of the sweep"
        else:
            what = f"the sweep's limit of {getattr(self.limits, name):,} {_UNITS[name]} is reached"
            hint = "raise it under `limits: {all: ...}` of the sweep and run it again: answers so far are cached"
        self.refused = self.refused or what
        return LimitReached(what, hint=hint)
