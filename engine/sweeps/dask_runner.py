"""Runner on Dask: cells run on the workers of a scheduler, and their run folders come back here."""

from __future__ import annotations

import asyncio
import secrets as random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from promptwire.errors import ClusterError, PromptwireError, UsageError
from promptwire.sweeps.common_limits import CommonLimits
from promptwire.sweeps.dask_cluster import Connection, connect
from promptwire.sweeps.fitness import check_resources, check_slots, check_workers
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.packing import Packer
from promptwire.sweeps.parcel import Parcel, Returned, write_text
from promptwire.sweeps.receiving import kept_end, read_progress, read_result
from promptwire.sweeps.runner import CellEnd, CellStart, CellState, RunnerNote, Tell
from promptwire.sweeps.sweep_account import SweepAccount
from promptwire.sweeps.where import Wanted, parse_where
from promptwire.sweeps.worker import check_parcel, run_parcel

__all__ = ["OnDask"]

_WAIT: Final = 60.0
"""Seconds until a scheduler without a worker, or without one that offers what the cells take, is an error."""
_TICK: Final = 0.5
"""Seconds between two looks at the connection."""
_AHEAD: Final = 2
"""Cells that are sent for each slot of a worker: the next one is there when one ends."""
_REFRESH: Final = 10.0
"""Seconds between two counts of the slots, since workers come and go."""


@dataclass(slots=True)
class _Sent:
    """A cell that was sent and has not ended."""

    cell: Cell
    parcel: Parcel
    task: Any
    where: str = ""
    began: float = 0.0


class OnDask:
    """Runs cells on Dask: `local`, `local:N`, the address of a scheduler, its file, or a client of Dask."""

    def __init__(self, where: Any, *, account: SweepAccount | None = None) -> None:
        """`account` holds the limits of all cells; None without such limits."""
        self._account = account
        self._common: CommonLimits | None = None
        self._wanted: Any = parse_where(where) if isinstance(where, str) else where
        self._connection: Connection | None = None
        self._packer = Packer()
        self._topic = f"promptwire-{self._packer.mark}"
        self._heard: asyncio.Queue[tuple[str, str, Any]] = asyncio.Queue()
        self._sent: dict[str, _Sent] = {}
        self._slots, self._counted = 1, 0.0

    def describe(self) -> str:
        """Where the cells run."""
        if self._connection is not None:
            return self._connection.shown
        return self._wanted.shown if isinstance(self._wanted, Wanted) else "a Dask cluster"

    async def prepare(self, cells: Sequence[Cell]) -> None:
        """Connect, compare versions, and let workers check one cell of each kind. Raises PromptwireError."""
        kinds = {self._packer.kind(cell): cell for cell in reversed(cells)}
        parcels = [self._packer.pack(cell) for cell in kinds.values()]
        connection = await self._connect(cells)
        await self._patiently(connection, check_slots, connection)
        await self._patiently(connection, check_resources, connection, cells)
        await asyncio.to_thread(check_workers, connection, cells, parcels)
        loop = asyncio.get_running_loop()

        def hear(message: Any) -> None:
            kind, key = str(message.get("kind")), str(message.get("key"))
            loop.call_soon_threadsafe(self._heard.put_nowait, (kind, key, message))

        await asyncio.to_thread(connection.listen, self._topic, hear)
        refused: dict[str, None] = {}

        def take(sent: _Sent, returned: Returned) -> None:
            if returned.state != "finished":
                refused[returned.why] = None

        await self._work(list(kinds.values()), check_parcel, take, lambda event: None)
        if refused:
            more = f"; and {len(refused) - 1} other errors" if len(refused) > 1 else ""
            raise ClusterError(f"a worker can't run these cells: {next(iter(refused))}{more}", where=connection.shown)

    async def _connect(self, cells: Sequence[Cell]) -> Connection:
        """Connect, or start workers. Raises ClusterError."""
        work = asyncio.create_task(asyncio.to_thread(connect, self._fewer(len(cells)), _cache_of(cells)))
        try:
            self._connection = connection = await asyncio.shield(work)
        except asyncio.CancelledError:
            with suppress(PromptwireError):
                self._connection = await work  # what was opened is closed later
            raise
        return connection

    async def _patiently(self, connection: Connection, check: Callable[..., None], *args: Any) -> None:
        """Repeat `check` until it passes, since workers come one by one. Raises its ClusterError after a minute."""
        end = time.monotonic() + _WAIT
        while True:
            try:
                await asyncio.to_thread(check, *args)
                return
            except ClusterError:
                if time.monotonic() > end or connection.lost:
                    raise
            await asyncio.sleep(_TICK)

    async def run(self, cells: Sequence[Cell], *, tell: Tell) -> None:
        """Run `cells` on the workers. Raises ClusterError when the scheduler is lost, after the ends of what ran were told."""
        kept: list[asyncio.Task[None]] = []

        async def keep(sent: _Sent, returned: Returned) -> None:
            tell(await asyncio.to_thread(kept_end, sent.cell, sent.parcel, returned, sent.where))

        def take(sent: _Sent, returned: Returned) -> None:
            kept.append(asyncio.create_task(keep(sent, returned)))

        async with self._limited(len(cells), tell):
            try:
                await self._work(cells, run_parcel, take, tell)
            finally:
                await asyncio.gather(*kept)

    @asynccontextmanager
    async def _limited(self, cells: int, tell: Tell) -> AsyncIterator[None]:
        """Hold the limits of all cells: the account on a server stays open, and without one each cell gets its part."""
        if self._account is None:
            yield
            return
        slots = await asyncio.to_thread(self._connected().slots)
        self._common = self._account.for_cells(cells, max(1, min(slots, cells)), tell)
        async with self._account.opened(tell) if self._common.on_server else nullcontext():
            yield

    async def close(self) -> None:
        """Disconnect, and end the workers that were started for this."""
        if self._connection is not None:
            await asyncio.to_thread(self._connection.close)

    def _fewer(self, cells: int) -> Any:
        """No more workers on this machine than cells."""
        if isinstance(self._wanted, Wanted) and self._wanted.workers:
            return replace(self._wanted, workers=max(1, min(self._wanted.workers, cells)))
        return self._wanted

    async def _work(
        self, cells: Sequence[Cell], function: Callable[..., str], take: Callable[[_Sent, Returned], None], tell: Tell
    ) -> None:
        """Send all `cells` to `function`, some at a time, and take what comes back."""
        groups: dict[tuple[tuple[str, float], ...], Iterator[Cell]] = {}
        for resources in {tuple(sorted(cell.resources.items())): None for cell in cells}:
            groups[resources] = iter([cell for cell in cells if tuple(sorted(cell.resources.items())) == resources])
        try:
            await self._send(groups, function)
            while self._sent:
                await self._take_next(take, tell)
                await self._send(groups, function)
        except (PromptwireError, asyncio.CancelledError) as error:
            why = "it was stopped" if isinstance(error, asyncio.CancelledError) else "the scheduler was lost"
            for key, sent in self._sent.items():
                if sent.began:
                    tell(CellEnd(key, "stopped", why=why, where=sent.where))
            raise
        finally:
            stopped, self._sent = list(self._sent.values()), {}
            if stopped and self._connection is not None:
                await asyncio.shield(asyncio.to_thread(self._connection.cancel, [sent.task for sent in stopped]))

    async def _send(self, groups: Mapping[Any, Iterator[Cell]], function: Callable[..., str]) -> None:
        """Send cells until each group of resources has enough to do."""
        connection = self._connected()
        if time.monotonic() - self._counted > _REFRESH:
            self._slots, self._counted = max(1, await asyncio.to_thread(connection.slots)), time.monotonic()
        for resources, waiting in groups.items():
            there = sum(tuple(sorted(sent.cell.resources.items())) == resources for sent in self._sent.values())
            for _ in range(max(0, self._slots * _AHEAD - there)):
                cell = next(waiting, None)
                if cell is None:
                    break
                await self._submit(cell, function)

    async def _submit(self, cell: Cell, function: Callable[..., str]) -> None:
        connection, loop, key = self._connected(), asyncio.get_running_loop(), cell.key
        parcel = self._packer.pack(cell).model_copy(update={"common": self._common})

        def done(how: str, value: Any) -> None:
            loop.call_soon_threadsafe(self._heard.put_nowait, (how, key, value))

        name = f"{self._topic}-{key}-{random.token_hex(4)}"
        text = write_text(parcel)
        told: dict[str, Any] = {"key": name, "resources": cell.resources, "done": done}
        task = await asyncio.to_thread(connection.submit, function, text, self._topic, **told)
        self._sent[key] = _Sent(cell, parcel, task)

    async def _take_next(self, take: Callable[[_Sent, Returned], None], tell: Tell) -> None:
        """Take one message or result. Raises ClusterError when the scheduler is lost or a cell shows that none can go on."""
        connection = self._connected()
        try:
            kind, key, value = await asyncio.wait_for(self._heard.get(), _TICK)
        except TimeoutError:
            kind, key, value = "", "", None
        if connection.lost:
            hint = "the same command goes on from here: results that came are kept, and so are answers in the caches"
            raise ClusterError("the connection to the scheduler was lost", where=connection.shown, hint=hint)
        sent = self._sent.get(key)
        if sent is None:
            return
        if kind == "start":
            if sent.where and sent.where != value.get("where"):
                tell(RunnerNote(f"{sent.cell.title} was started again: its worker {sent.where} is gone"))
            sent.where, sent.began = str(value.get("where", ""))[:100], sent.began or time.monotonic()
            tell(CellStart(key, sent.where))
        elif kind == "note":
            tell(RunnerNote(f"{sent.where}: {value.get('text')}"[:500]))
        elif kind == "progress":
            if (event := read_progress(key, value)) is not None:
                tell(event)
        elif kind in ("result", "error", "lost"):
            del self._sent[key]
            why = "" if kind == "result" else str(value)
            state: CellState = "failed" if kind == "error" else "stopped"
            returned = read_result(key, value) if kind == "result" else Returned(key=key, state=state, why=why)
            take(sent, returned)
            if returned.fatal:
                raise ClusterError(f"the cache of the worker {sent.where} can't be used: {returned.why}")

    def _connected(self) -> Connection:
        if self._connection is None:
            raise UsageError("the runner was not prepared")
        return self._connection


def _cache_of(cells: Sequence[Cell]) -> str:
    """Address of the shared cache, for workers that are started on this machine."""
    return next((url for cell in cells if (url := cell.options.shared_cache)), "")
