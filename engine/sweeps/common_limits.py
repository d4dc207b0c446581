"""Limits of all cells of a sweep together, and the account that holds them.

With a shared cache the account is on its server, for all workers. Without one it is in the memory of the process that runs the
cells; workers that can't ask one another each have a part of the limits for each cell.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field

from promptwire.errors import RunError, UsageError
from promptwire.gateway.limit_store import LimitStore
from promptwire.gateway.limit_wave import NANO, Amount, Caps
from promptwire.gateway.memory_limits import MemoryLimits
from promptwire.limits import SharedLimits
from promptwire.results.lenient import as_int, read_object
from promptwire.results.run_folder import keep_file
from promptwire.sweeps.sweep_log import SweepSpent
from promptwire.values import Model

__all__ = ["CommonLimits", "SpentFile"]

_PAUSE: Final = 1.0
"""Shortest time between two writings of what was spent, in seconds."""


class CommonLimits(Model):
    """Limits of all cells, as each cell is told of them. They travel with it to another machine."""

    called: ClassVar[str] = "the limits of all cells"

    limits: SharedLimits
    """The limits; of one cell's part where the account is not shared."""
    sweep: str = Field(max_length=100)
    """Id of the sweep, under which a server keeps the account."""
    on_server: bool = False
    """Whether the account is on the server of the shared cache."""

    @asynccontextmanager
    async def account(
        self, url: str = "", *, already: Amount | None = None, keep: Callable[[Amount], None] | None = None
    ) -> AsyncIterator[LimitStore]:
        """The account: on the server at `url`, or in memory.

        The process that starts a sweep gives what it has spent `already`. Others find its account. `keep` gets what is spent.
        Raises UsageError or CacheError when there is no server, or it can't be reached.
        """
        if not self.on_server:
            yield MemoryLimits(Caps.of(self.limits), already=already, keep=keep)
            return
        if not url:
            hint = "set PROMPTWIRE_CACHE_URL on each worker to the address that --cache-url has here"
            raise UsageError("the limits of the sweep are on a server, whose address this worker does not have", hint=hint)
        from promptwire.shared.redis_server import RedisServer  # noqa: PLC0415 - a sweep without it loads nothing of it
        from promptwire.shared.shared_limits import RedisLimits  # noqa: PLC0415

        server = RedisServer(url)
        try:
            await server.open()
            yield RedisLimits(server, self.sweep, Caps.of(self.limits), already=already)
        finally:
            await server.close()

    def parted(self, cells: int, at_once: int) -> CommonLimits:
        """The part of one of `cells`, of which `at_once` run at a time, where they can't ask one another."""
        budgets, paces = self.limits.share(max(1, cells)), self.limits.share(max(1, at_once))
        changes = {name: getattr(paces, name) for name in ("requests_per_minute", "tokens_per_minute")}
        return self.model_copy(update={"limits": budgets.model_copy(update=changes)})


class SpentFile:
    """What all cells of a sweep have spent, in a file of its folder, so that the same command goes on with it."""

    def __init__(self, folder: Path, logged: SweepSpent, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`logged` is what the ends of the cells tell, which a killed process leaves incomplete."""
        self._path = folder / "spent.json"
        self._clock = clock
        self._next = 0.0
        self._last = read_spent(self._path).most(Amount(logged.calls, logged.tokens, round(logged.usd * NANO)))
        self._kept = self._last

    @property
    def spent(self) -> Amount:
        """What was spent so far."""
        return self._last

    def keep(self, spent: Amount) -> None:
        """Take what is spent by now, and write it from time to time."""
        self._last = spent
        if self._clock() >= self._next:
            self.write()

    def write(self) -> None:
        """Write what is spent by now, if it is not written. A file that can't be written is tried again later."""
        if self._last == self._kept:
            return
        self._next = self._clock() + _PAUSE
        try:
            keep_file(self._path, json.dumps({name: getattr(self._last, name) for name in Amount.__slots__}) + "\n")
        except RunError:
            return
        self._kept = self._last


def read_spent(path: Path) -> Amount:
    """What the file says; nothing when it is not there or can't be read."""
    found = read_object(path) or {}
    return Amount(*(max(0, as_int(found.get(name))) for name in Amount.__slots__))
