"""Approval gate. Cached responses pass; the first uncached call waits until the cost is approved.

The gate collects every waiting call until no step can go on. The cached calls so far and the missing ones are all that can be
known of a run before it spends anything. Knowing them costs nothing: they are the run's own beginning. A run that is entirely
cached never reaches the gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptwire.gateway.idle_loop import when_idle
from promptwire.gateway.trace import Trace

__all__ = ["ApprovalGate", "PendingCalls"]


@dataclass(slots=True)
class PendingCalls:
    """The calls of one step that wait for approval."""

    keys: set[str] = field(default_factory=set)
    """Cache keys of the missing completions."""
    had: int = 0
    """Completions of the same requests that are cached."""


class ApprovalGate:
    """Closed until `decide` returns. An error that `decide` raises is raised in every waiting step."""

    def __init__(self, decide: Callable[[], None]) -> None:
        self.open = False
        self.pending: dict[str, PendingCalls] = {}
        """By the path of the step."""
        self.approved: Mapping[str, Any] = {}
        """Facts about what was approved, for the trace."""
        self.trace = Trace.null()
        """Trace that records the approval."""
        self._decide = decide
        self._opening: asyncio.Future[None] | None = None
        self._waiting = 0

    async def enter(self, node: str, keys: Collection[str], *, had: int = 0) -> None:
        """Wait until the calls under `keys` are approved. Raises what `decide` raises."""
        if self.open:
            return
        pending = self.pending.setdefault(node, PendingCalls())
        pending.keys.update(keys)
        pending.had += had
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_future()
            when_idle(self._settle)
        self._waiting += 1
        try:
            await asyncio.shield(self._opening)  # cancelling one step must not cancel the decision for the others
        finally:
            self._waiting -= 1

    def _settle(self) -> None:
        if self._opening is None or not self._waiting:
            return  # the run has ended meanwhile: no approval is needed
        try:
            self._decide()
            self.trace.event("approved", **self.approved)
        except BaseException as refusal:
            self._opening.set_exception(refusal)
            if not isinstance(refusal, Exception):
                raise
        else:
            self.open = True
            self._opening.set_result(None)
