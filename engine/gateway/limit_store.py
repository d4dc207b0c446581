"""Contract of what keeps the common account of a sweep: the memory of one process, or a server."""

from __future__ import annotations

from typing import Protocol

from promptwire.gateway.limit_wave import Reply, Wave

__all__ = ["LimitStore"]


class LimitStore(Protocol):
    """Where the common account is kept."""

    @property
    def beat(self) -> float | None:
        """Seconds between two signs of life of a run; None where none is needed."""

    @property
    def patience(self) -> float:
        """Seconds without one after which a run counts as dead."""

    async def exchange(self, wave: Wave) -> Reply | None:
        """Send a message; None when the account can't be reached. Raises CacheError when it can't be kept at all."""

    def take_notes(self) -> list[str]:
        """Messages to the user; each is returned once."""
