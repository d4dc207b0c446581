"""Leases of one model at a time: more than it can be asked for at once would only be kept from other machines."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from promptwire.gateway.answer_tier import Lease

__all__ = ["LeaseWindow"]

States = Mapping[str, Lease]


class LeaseWindow:
    """Lets a number of requests lease at a time, in the order in which they came.

    A request that waits for its turn waits for its lease with the same future: each wait takes processor time.
    """

    __slots__ = ("_free", "_waiting")

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: OrderedDict[asyncio.Future[States], Callable[[asyncio.Future[States]], None]] = OrderedDict()

    def enter(self, lease: Callable[[asyncio.Future[States]], None]) -> asyncio.Future[States]:
        """Call `lease` with the future that it is to resolve, now or when there is room; return the future.

        `leave` must follow, also when the future is cancelled.
        """
        states: asyncio.Future[States] = asyncio.get_running_loop().create_future()
        if self._free > 0:
            self._free -= 1
            lease(states)
        else:
            self._waiting[states] = lease
        return states

    def leave(self, states: asyncio.Future[States]) -> None:
        """Make room for the next request. One that was cancelled before its turn has taken none."""
        if self._waiting.pop(states, None) is not None:
            return
        while self._waiting:
            waiting, lease = self._waiting.popitem(last=False)
            if not waiting.done():
                lease(waiting)
                return
        self._free += 1
