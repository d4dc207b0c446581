"""Account of the limits of all cells, as the process that starts a sweep opens it, and as a cell joins it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from promptwire.gateway.limit_store import LimitStore
from promptwire.gateway.limit_wave import NANO, Amount
from promptwire.gateway.shared_budget import SharedBudget
from promptwire.limits import SharedLimits
from promptwire.sweeps.common_limits import CommonLimits, SpentFile
from promptwire.sweeps.runner import RunnerNote, Tell
from promptwire.sweeps.sweep_file import Sweep
from promptwire.sweeps.sweep_log import SweepLog

__all__ = ["SweepAccount", "joined", "limits_left"]


@dataclass(frozen=True, slots=True)
class SweepAccount:
    """Account of one sweep."""

    common: CommonLimits
    """Its limits."""
    url: str
    """Address of the server that keeps it; empty when this process does."""
    log: SweepLog
    """Log of the sweep, which tells what was spent before."""

    @classmethod
    def of(cls, sweep: Sweep) -> SweepAccount | None:
        """The account of `sweep`; None when all its cells together have no limit."""
        limits = sweep.limits
        if not limits.limited or not sweep.cells:
            return None
        url = sweep.cells[0].options.shared_cache
        return cls(CommonLimits(limits=limits, sweep=sweep.id, on_server=bool(url)), url, SweepLog(sweep.name))

    @asynccontextmanager
    async def opened(self, tell: Tell) -> AsyncIterator[LimitStore]:
        """Open it, and stay in it until the sweep ends. Raises CacheError when its server can't be reached."""
        spent = SpentFile(self.log.folder, self.log.spent())
        keep = None if self.common.on_server else spent.keep
        try:
            # A part of its own keeps the account alive: a server that forgot is told again what all have spent.
            opened = self.common.account(self.url, already=spent.spent, keep=keep)
            async with opened as store, joined(store, self.common, tell):
                yield store
        finally:
            spent.write()

    def left(self) -> SharedLimits:
        """The limits without what was spent before, as far as this machine knows it."""
        return _left(self.common.limits, SpentFile(self.log.folder, self.log.spent()).spent)

    def for_cells(self, cells: int, at_once: int, tell: Tell) -> CommonLimits:
        """What each of `cells` on other workers is told, of which `at_once` run at a time. Without a server, its part."""
        if self.common.on_server:
            return self.common
        part = CommonLimits(limits=self.left(), sweep=self.common.sweep).parted(cells, at_once)
        shown = ", ".join(f"{name} {limit:.6g}" for name, limit in part.limits.model_dump(exclude_none=True).items())
        tell(RunnerNote(f"without --cache-url, workers can't share the limits of all cells: each cell has a part ({shown})"))
        return part


@asynccontextmanager
async def joined(store: LimitStore | None, common: CommonLimits | None, tell: Tell) -> AsyncIterator[SharedBudget | None]:
    """The part of one run in the account; None without one. What the user should know is told."""
    if store is None or common is None:
        yield None
        return
    async with SharedBudget(store, common.limits, say=lambda text: tell(RunnerNote(text))) as shared:
        yield shared


def limits_left(sweep: Sweep) -> SharedLimits:
    """What is left of the limits of all cells of `sweep`."""
    account = SweepAccount.of(sweep)
    return sweep.limits if account is None else account.left()


def _left(limits: SharedLimits, spent: Amount) -> SharedLimits:
    """`limits` without what was spent."""
    used = {"calls": spent.calls, "tokens": spent.tokens, "usd": spent.nano / NANO}
    budgets = {name: max(0, limit - used[name]) for name in used if (limit := getattr(limits, name)) is not None}
    return limits.model_copy(update=budgets)
