"""What was measured: a file with the machine on its first line and a process on each further one."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .works import TOOLS, WORKS

__all__ = ["Records", "machine"]

Run = Mapping[str, Any]


def machine() -> dict[str, Any]:
    """The machine, as far as times depend on it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": names[0] if names else platform.processor(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


@dataclass(frozen=True, slots=True)
class Records:
    """The runs of one machine."""

    machine: Mapping[str, Any]
    """The machine, the versions by environment under `versions`, and under `made` the day of the first run."""
    runs: Sequence[Run]
    """One a process, in the order in which they ended."""

    @classmethod
    def read(cls, file: Path) -> Records:
        """The records in `file`, none where it is absent."""
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else ["{}"]
        first, *runs = map(json.loads, lines)
        return cls(first, runs)

    def of(self, work: str, tool: str) -> list[Run]:
        """The runs of one work by one tool."""
        return [run for run in self.runs if run["work"] == work and run["tool"] == tool]

    def rounds(self, work: str, tool: str) -> set[int]:
        """The rounds in which a tool did a work, or failed."""
        return {run["round"] for run in self.of(work, tool)}

    def error(self, work: str, tool: str) -> str:
        """How the tool failed at the work; empty where it did not in at least one round."""
        runs = self.of(work, tool)
        return runs[-1]["error"] if runs and all("error" in run for run in runs) else ""

    def middle(self, work: str, tool: str, key: str) -> float | None:
        """Median over the rounds; None where there is none."""
        values = [run[key] for run in self.of(work, tool) if "error" not in run]
        return float(median(values)) if values else None

    def ideal(self, work: str, tool: str) -> float | None:
        """Calls times latency by concurrency: the latencies of all good replies, divided by the most requests in flight."""
        served = self.middle(work, tool, "latency")
        return served / WORKS[work].places if served else None

    def ratio(self, work: str, tool: str) -> float | None:
        """Seconds of the work to its ideal."""
        seconds, ideal = self.middle(work, tool, "seconds"), self.ideal(work, tool)
        return seconds / ideal if seconds is not None and ideal else None

    def summary(self) -> dict[str, Any]:
        """All medians and ratios, for other programs."""
        keys = ("seconds", "cpu", "whole", "whole_cpu", "megabytes", "rows", "requests", "answered", "peak", "chain")
        found: dict[str, Any] = {}
        for work in WORKS:
            for tool in TOOLS:
                if runs := self.of(work, tool):
                    medians = {key: self.middle(work, tool, key) for key in keys}
                    told = {"rounds": len(runs), "error": self.error(work, tool), "ratio to ideal": self.ratio(work, tool)}
                    found.setdefault(work, {})[tool] = {**told, **medians}
        return {"machine": dict(self.machine), "works": found}
