"""Shared budget in the memory of one process, for runs in one event loop or in several threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from promptwire.gateway.limit_ledger import Ledger
from promptwire.gateway.limit_wave import Amount, Caps, Reply, Wave

__all__ = ["MemoryLimits"]


class MemoryLimits:
    """The account of one sweep, as one process keeps it."""

    beat: float | None = None
    patience: float = 0.0

    def __init__(
        self,
        caps: Caps,
        *,
        already: Amount | None = None,
        keep: Callable[[Amount], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`already` is what the sweep has spent before. `keep` gets what it has spent by now, after each change."""
        self._ledger = Ledger(caps, already or Amount())
        self._keep = keep
        self._clock = clock
        self._lock = Lock()

    @property
    def total(self) -> Amount:
        """What all have spent."""
        return self._ledger.total

    async def exchange(self, wave: Wave) -> Reply | None:
        """Take what a holder tells, and answer what it asks."""
        with self._lock:
            before = self._ledger.total
            reply = self._ledger.exchange(wave, int(self._clock() * 1000))
            if self._keep is not None and reply.total != before:
                self._keep(reply.total)
        return reply

    def take_notes(self) -> list[str]:
        """No messages: nothing can go away."""
        return []

    async def close(self) -> None:
        """Do nothing: other runs go on."""
