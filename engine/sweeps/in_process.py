"""Runner in this process: one cell after another, or several at once in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from promptwire.errors import PromptwireError
from promptwire.gateway.limit_store import LimitStore
from promptwire.gateway.process_tier import PROCESS_ANSWERS, ProcessAnswers
from promptwire.running.observer import RunObserver
from promptwire.sweeps.cell_run import run_cell
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.runner import Tell
from promptwire.sweeps.sweep_account import SweepAccount, joined

__all__ = ["InProcess"]


@dataclass(frozen=True, slots=True)
class InProcess:
    """Runs cells in this process. All share its response cache, and none pays for what another is asking at the moment."""

    parallel: int = 1
    """Most cells at once."""
    observer: RunObserver | None = None
    """Gets the events of the runs. It can tell them apart only when they run one after another."""
    account: SweepAccount | None = None
    """Account of the limits of all cells; None without such limits."""

    def describe(self) -> str:
        """Where the cells run."""
        return "one process" if self.parallel == 1 else f"one process, {self.parallel} cells at once"

    async def prepare(self, cells: Sequence[Cell]) -> None:
        """Do nothing: the cells were checked in this process when they were made."""

    async def run(self, cells: Sequence[Cell], *, tell: Tell) -> None:
        """Run `cells` in order, at most `parallel` at once. Raises CacheError after the running cells were stopped."""
        waiting = iter(cells)
        common = self.account.common if self.account is not None else None

        async def work(store: LimitStore | None) -> None:
            for cell in waiting:
                async with joined(store, common, tell) as shared:
                    await run_cell(cell, tell, observer=self.observer, shared=shared)

        token = PROCESS_ANSWERS.set(ProcessAnswers() if self.parallel > 1 else None)
        opened = self.account.opened(tell) if self.account is not None else nullcontext()
        try:
            async with opened as store, asyncio.TaskGroup() as group:
                for _ in range(min(self.parallel, len(cells))):
                    group.create_task(work(store))
        except* PromptwireError as errors:
            raise _first(errors) from errors
        finally:
            PROCESS_ANSWERS.reset(token)

    async def close(self) -> None:
        """Do nothing: nothing is open between cells."""


def _first(errors: BaseExceptionGroup[PromptwireError]) -> PromptwireError:
    """The first error of a group."""
    one: BaseException = errors
    while isinstance(one, BaseExceptionGroup):
        one = one.exceptions[0]
    return one if isinstance(one, PromptwireError) else PromptwireError(str(one))
