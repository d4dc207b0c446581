"""A gate before the first call: what the cache holds goes through, what would be paid for waits until somebody has agreed.

Everything that waits is gathered until nothing else can go on. What was found in the cache until then, and what is missing, is
all that can be known of a run before it spends anything; it is known at no cost, for it is the run's own beginning. So a run
that the cache holds entirely never comes to the gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from promptwire.gateway.idle_loop import when_idle

__all__ = ["ApprovalGate", "PendingCalls"]


@dataclass(slots=True)
class PendingCalls:
    """What one step is waiting for."""

    keys: set[str] = field(default_factory=set)
    """The answers that are missing."""
    had: int = 0
    """Answers of the same requests that are not."""


class ApprovalGate:
    """Closed until `decide` returns; what it raises comes to everybody who waits."""

    def __init__(self, decide: Callable[[], None]) -> None:
        self.open = False
        self.held: dict[str, PendingCalls] = {}
        """By the path of the step."""
        self._decide = decide
        self._opening: asyncio.Future[None] | None = None
        self._waiting = 0

    async def enter(self, node: str, keys: Collection[str], *, had: int = 0) -> None:
        """Wait until the answers under `keys` may be asked for. Raises what `decide` raises."""
        if self.open:
            return
        held = self.held.setdefault(node, PendingCalls())
        held.keys.update(keys)
        held.had += had
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_future()
            when_idle(self._settle)
        self._waiting += 1
        try:
            await asyncio.shield(self._opening)  # one who gives up must not take the answer from the others
        finally:
            self._waiting -= 1

    def _settle(self) -> None:
        if self._opening is None or not self._waiting:
            return  # the run has ended meanwhile, and nobody is to be bothered about it
        try:
            self._decide()
        except BaseException as refusal:
            self._opening.set_exception(refusal)
            if not isinstance(refusal, Exception):
                raise
        else:
            self.open = True
            self._opening.set_result(None)
