"""Contract of a shared tier of the answer cache: what the gateway asks of it, whatever server is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, Protocol

__all__ = ["ANY", "AnswerTier", "Lease"]

Lease = Literal["granted", "held", "answered"]
"""State of a key that was to be leased: this run asks; another run asks at present; the tier holds an answer."""
ANY: Final = "*"
"""In place of a hash: the row to be replaced may be any."""


class AnswerTier(Protocol):
    """Answers of several machines by cache key, and leases on those that are being asked for.

    No method raises for a server that is away: a run then works as without a tier.
    """

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return the rows under `keys`, as the server sent them. They are untrusted input."""

    def lease(self, keys: Sequence[str], unusable: Mapping[str, str], done: asyncio.Future[Mapping[str, Lease]]) -> None:
        """Lease those of `keys` that have no answer and no holder, and resolve `done` with the state of each.

        A row whose SHA-1 is in `unusable` counts as no answer. A lease is renewed until `publish` or `release`. It ends by
        itself when its holder has died. When `done` is cancelled, nothing stays leased.
        """

    async def wait(self, keys: Sequence[str], unusable: Mapping[str, str]) -> Mapping[str, Lease]:
        """Lease `keys` like `lease`, but return only when at least one is not held by another any more."""

    def publish(self, key: str, row: str, *, replaces: str = "") -> None:
        """Store `row` unless the tier holds an answer under `key`, and end the lease. Called when the row is on the local disk.

        `replaces` is the SHA-1 of a row that may be replaced, or ANY.
        """

    def release(self, keys: Collection[str]) -> None:
        """End the leases on `keys`. Keys without one are ignored."""

    def take_notes(self) -> list[str]:
        """Return messages to the user. Each is returned once."""

    async def close(self) -> None:
        """Publish what is left, end all leases and close the connection."""
