"""Progress of a sweep: what the events of its cells say at a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from promptwire.sweeps.runner import CellEnd, CellEvent, CellProgress, CellStart

__all__ = ["CellAtWork", "SweepProgress", "SweepView"]

_SHARE: Final = 0.95
"""A running cell counts as at most so much of its bound: it may make fewer calls, and has an end of its own."""


@dataclass(frozen=True, slots=True)
class CellAtWork:
    """A cell that runs."""

    key: str
    """Its key."""
    where: str
    """Worker that runs it; empty for this process."""
    seconds: float
    """Seconds since its start."""
    calls: int
    """New calls so far."""
    cached: int
    """Calls so far from the cache."""
    text: str
    """Where it is, in words."""


@dataclass(frozen=True, slots=True)
class SweepView:
    """State of a sweep at a moment."""

    cells: int
    """Cells that this command runs."""
    done: int
    """Those that have a result."""
    failed: int
    """Those that failed."""
    stopped: int
    """Those that were stopped."""
    at_work: tuple[CellAtWork, ...]
    """Those that run, the oldest first."""
    calls: int
    """New calls so far."""
    cached: int
    """Calls so far from the cache."""
    tokens: int
    """Tokens so far."""
    usd: float | None
    """Dollars so far; None when a price is unknown."""
    seconds: float
    """Seconds since the beginning."""
    left: float | None
    """Seconds left, at the speed so far; None before the first cell has ended."""

    @property
    def ended(self) -> int:
        """Cells that have ended."""
        return self.done + self.failed + self.stopped


@dataclass
class SweepProgress:
    """Collects the events of the cells of one command."""

    bounds: Mapping[str, int | None]
    """Most new calls of each cell, by its key. They weigh the cells for the time left."""
    clock: Callable[[], float] = time.monotonic
    """The monotonic clock."""
    _began: float = 0.0
    _starts: dict[str, tuple[float, str]] = field(default_factory=dict)
    _running: dict[str, CellProgress] = field(default_factory=dict)
    _ends: dict[str, CellEnd] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def __call__(self, event: CellEvent) -> None:
        """Take one event."""
        if isinstance(event, CellStart):
            self._starts[event.key] = (self.clock(), event.where)
            self._running.pop(event.key, None)
        elif isinstance(event, CellProgress):
            self._running[event.key] = event
        elif isinstance(event, CellEnd):
            self._ends[event.key] = event
            self._starts.pop(event.key, None)
            self._running.pop(event.key, None)

    def view(self) -> SweepView:
        """Return the state at this moment. Another thread may call it."""
        now, ends = self.clock(), list(self._ends.values())
        counts: list[CellEnd | CellProgress] = [*ends, *list(self._running.values())]
        usd = [one.usd for one in counts]
        return SweepView(
            cells=len(self.bounds),
            done=sum(end.has_result for end in ends),
            failed=sum(end.state == "failed" for end in ends),
            stopped=sum(end.state == "stopped" for end in ends),
            at_work=tuple(self._at_work(now)),
            calls=sum(one.calls for one in counts),
            cached=sum(one.cached for one in counts),
            tokens=sum(one.tokens for one in counts),
            usd=None if None in usd else sum(one for one in usd if one is not None),
            seconds=now - self._began,
            left=self._left(now - self._began) if ends else None,
        )

    def _at_work(self, now: float) -> list[CellAtWork]:
        found = []
        for key, (began, where) in list(self._starts.items()):
            known = self._running.get(key)
            calls, cached, text = (known.calls, known.cached, known.text) if known else (0, 0, "")
            found.append(CellAtWork(key, where, now - began, calls, cached, text))
        return found

    def _left(self, seconds: float) -> float | None:
        """The time that the rest takes at the speed so far, each cell weighed by the most calls that it makes."""
        known = [bound for bound in self.bounds.values() if bound]
        usual = sum(known) / len(known) if known else 1.0
        weights = {key: float(bound or (0 if bound == 0 else usual)) + 1.0 for key, bound in self.bounds.items()}
        had = sum(weights.get(key, 1.0) for key in list(self._ends))
        for key, one in list(self._running.items()):
            weight = weights.get(key, 1.0)
            had += min(float(one.calls), weight * _SHARE)
        left = sum(weights.values()) - had
        return seconds * max(0.0, left) / had if had else None
