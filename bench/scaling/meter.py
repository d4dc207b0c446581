"""Processor time and peak memory of a block of code in this process."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Meter"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass
class Meter:
    """Measurements of one process, by operation."""

    size: int
    """Number of units, such as nodes or rows."""
    found: dict[str, dict[str, float]] = field(default_factory=dict)
    """By operation: seconds of processor time, microseconds per unit, and the peak of the resident memory in MB."""

    @contextlib.contextmanager
    def __call__(self, operation: str, *, per: int | None = None) -> Iterator[None]:
        """Measure the block as `operation`, which works on `per` units; by default on all."""
        _forget_peak()
        before = time.process_time()
        yield
        seconds = time.process_time() - before
        self.found[operation] = {"seconds": seconds, "us": seconds / (per or self.size) * 1e6, "peak_mb": _peak()}

    def note(self, name: str, value: float) -> None:
        """Note a figure that is no time, such as a file's size."""
        self.found[name] = {"value": value}


def _forget_peak() -> None:
    """Start the peak anew where the system can; elsewhere it is that of the whole process so far."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")


def _peak() -> float:
    """Peak of the resident memory since `_forget_peak`, in MB."""
    with contextlib.suppress(OSError):
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)
