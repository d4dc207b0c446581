"""Contract of what runs the cells of a sweep, and the events that it tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from promptwire.sweeps.matrix import Cell

__all__ = ["CellEnd", "CellEvent", "CellProgress", "CellStart", "CellState", "Runner", "RunnerNote", "Tell"]

CellState = Literal["finished", "cut short", "failed", "stopped"]
"""How a cell ended. `cut short` is by a limit of its own: its result stands. `stopped` is by Ctrl-C, or by a limit of the whole
sweep: the same command goes on with it."""


@dataclass(frozen=True, slots=True)
class CellStart:
    """A cell began. Told again when it is started anew, as after the loss of a worker."""

    key: str
    """Key of the cell."""
    where: str = ""
    """Worker that runs it; empty for this process."""


@dataclass(frozen=True, slots=True)
class CellProgress:
    """Where a running cell is, about once a second."""

    key: str
    """Key of the cell."""
    calls: int
    """New calls so far."""
    cached: int
    """Calls so far whose answers were in the cache."""
    tokens: int = 0
    """Tokens of the new calls so far, read and written."""
    usd: float | None = 0.0
    """Dollars of the new calls so far; None when a price is unknown."""
    text: str = ""
    """The rest in words, such as its rounds."""


@dataclass(frozen=True, slots=True)
class CellEnd:
    """A cell ended. A cell with a result is marked in its run folder before this is told."""

    key: str
    """Key of the cell."""
    state: CellState
    """How it ended."""
    run: Path | None = None
    """Its run folder on this machine; None where there is none."""
    why: str = ""
    """Error or limit in words; empty for `finished`."""
    calls: int = 0
    """New calls that it made."""
    cached: int = 0
    """Calls whose answers were in the cache."""
    tokens: int = 0
    """Tokens of the new calls, read and written."""
    usd: float | None = 0.0
    """Dollars of the new calls; None when a price is unknown."""
    seconds: float = 0.0
    """Duration."""
    where: str = ""
    """Worker that ran it; empty for this process."""

    @property
    def has_result(self) -> bool:
        """Whether its result stands, so that it is not run again."""
        return self.state in ("finished", "cut short")


@dataclass(frozen=True, slots=True)
class RunnerNote:
    """Something about the runner that the user should know, such as a lost worker."""

    text: str
    """One line."""


CellEvent = CellStart | CellProgress | CellEnd | RunnerNote
Tell = Callable[[CellEvent], None]
"""Takes the events. It is called in the thread of the runner's event loop, returns at once and raises nothing."""


@runtime_checkable
class Runner(Protocol):
    """Runs cells: in this process, or elsewhere."""

    def describe(self) -> str:
        """Where the cells run, in a few words: `one process`, `2 workers on this machine`, `tcp://node1:8786`."""

    async def prepare(self, cells: Sequence[Cell]) -> None:
        """Connect, and check all that can be checked before anything is spent. Raises PromptwireError."""

    async def run(self, cells: Sequence[Cell], *, tell: Tell) -> None:
        """Run `cells` in about this order, and tell each start, progress and end. Returns when all have ended.

        The error of a cell is its end, and the others go on. Raises PromptwireError when no cell can go on: the cache fails,
        or the scheduler is lost. On cancellation, running cells end as `stopped`, and nothing is left half-written.
        """

    async def close(self) -> None:
        """Disconnect. Called once, also after an error."""
