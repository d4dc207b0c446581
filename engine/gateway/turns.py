"""When a request may be sent: after the budget of its sweep, the rate limit of its model and the pace of its sweep.

Without limits nothing waits, and nothing is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from promptwire.gateway.budget import Budget
from promptwire.gateway.endpoint_state import EndpointState
from promptwire.gateway.in_flight import InFlightRequest
from promptwire.gateway.rate_limit import Permit
from promptwire.gateway.trace import Trace

__all__ = ["Turns"]


class Turns:
    """Gives requests their turn. One per dispatcher."""

    def __init__(self, budget: Budget, trace: Trace) -> None:
        self._budget = budget
        self._trace = trace

    async def admit(self, in_flight: InFlightRequest, keys: Sequence[str]) -> None:
        """Wait until the budget of the sweep has room for the calls of `keys`. Raises LimitReached when it never will."""
        try:
            async with asyncio.timeout(self._budget.seconds_left()):
                holds = [hold for key in keys if (hold := in_flight.reservations[key].hold) is not None]
                for hold in holds:
                    hold.want()
                for hold in holds:
                    await hold.granted()
        except TimeoutError as error:
            raise self._budget.out_of_time() from error

    async def wait(self, in_flight: InFlightRequest, state: EndpointState, keys: Sequence[str]) -> Permit:
        """Wait until the request may be sent. Raises LimitReached when a budget, such as the run's time, is used up before."""
        if self._budget.seconds_left() == 0:  # used up while it waited for its slot
            raise self._budget.out_of_time()
        tokens = sum([in_flight.reservations[key].tokens for key in keys])
        if not state.rate_limiter.limited and self._budget.shared is None:
            return Permit(0.0, tokens)
        wait = state.rate_limiter.wait(tokens)
        if wait > 0:
            state.activity.rate_limited_until = time.monotonic() + wait
        if wait > 0 and not state.paced:
            state.paced = True
            self._trace.event("paced", path=in_flight.node, model=state.backend.name, wait=round(wait, 3))
        state.activity.rate_limited += 1
        try:
            async with asyncio.timeout(self._budget.seconds_left()):
                permit = await state.rate_limiter.acquire(tokens)
                if self._budget.shared is not None:
                    holds = [hold for key in keys if (hold := in_flight.reservations[key].hold) is not None]
                    permit.shared = await self._budget.shared.may_send(holds, tokens, lane=state.backend.identity)
                return permit
        except TimeoutError as error:
            raise self._budget.out_of_time() from error
        finally:
            state.activity.rate_limited -= 1

    def settle(self, state: EndpointState, permit: Permit, tokens: int) -> None:
        """Replace the estimate by the tokens that the request took; 0 when it failed."""
        state.rate_limiter.settle(permit, tokens)
        if permit.shared is not None and self._budget.shared is not None:
            self._budget.shared.sent(permit.shared, tokens)
