"""The sweep that shows the cluster to work: its file, its command, and what of its results has to be the same everywhere.

Three optimizers on two tasks of the planted model behind HTTP; see bench/cluster_server.py. Nothing is timed here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Home", "outcome", "write_sweep"]

_SMALL: Mapping[str, Mapping[str, int]] = {
    "opro-small": {},
    "protegi-small": {},
    "ape": {"draws": 2, "n": 5, "first": 10, "scored_on": 40},
}
_PAID = ("run", "seconds", "calls", "requests", "tokens_in", "tokens_out", "cost_usd")
"""Fields of a report that say what a cell paid, and when. The order decides which of two cells pays for a common question."""


def write_sweep(folder: Path, url: str, *, seeds: int, tasks: int = 2) -> Path:
    """Write the sweep file: 3 pipelines, 1 or 2 tasks and `seeds` seeds, with the model at `url`."""
    folder.mkdir(parents=True, exist_ok=True)
    named = ["planted", {"task": "planted", "name": "parcels", "prompt": "Give the label of a parcel."}]
    sweep = {
        "promptwire": 1,
        "sweep": "shown",
        "pipelines": [{"pipeline": pipeline, "params": params} for pipeline, params in _SMALL.items()],
        "tasks": named[:tasks],
        "models": [{"task": "openai/planted", "api_bases": {"task": url}}],
        "seeds": seeds,
    }
    file = folder / "shown.yaml"
    file.write_text(json.dumps(sweep, indent=2), encoding="utf-8")  # JSON is YAML
    return file


@dataclass(frozen=True, slots=True)
class Home:
    """A folder in which sweeps are run, with a cache and run folders of its own."""

    folder: Path
    """The folder."""
    cache_url: str = ""
    """Address of the Redis server; empty for none."""

    @property
    def runs(self) -> Path:
        """Its run folders."""
        return self.folder / "runs"

    def start(self, file: Path, *options: str) -> subprocess.Popen[bytes]:
        """Start `promptwire sweep` as a process that writes what it prints into the file `printed`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "promptwire", "sweep", str(file), "--yes", *options]
        with (self.folder / "printed").open("wb") as printed:
            return subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdout=printed, stderr=subprocess.STDOUT)

    def sweep(self, file: Path, *options: str, code: int = 0) -> str:
        """Run `promptwire sweep` to its end, and return what it printed. Raises RuntimeError for another exit code."""
        found = self.start(file, *options).wait()
        if found != code:
            raise RuntimeError(f"the sweep ended with {found}:\n{self.printed()[-3000:]}")
        return self.printed()

    def printed(self) -> str:
        """What the last command has printed so far."""
        return (self.folder / "printed").read_text(encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """The environment of its commands."""
        own = {"PROMPTWIRE_CACHE": str(self.folder / "cache"), "PROMPTWIRE_RUNS": str(self.runs), "OPENAI_API_KEY": "none"}
        plain = {name: value for name, value in os.environ.items() if name != "PROMPTWIRE_CACHE_URL"}
        return {**plain, **own, **({"PROMPTWIRE_CACHE_URL": self.cache_url} if self.cache_url else {})}

    def outcomes(self) -> Mapping[str, str]:
        """The outcome of each cell that has ended, by its key."""
        found = {}
        for mark in sorted(self.runs.glob("*/cell.json")):
            key = json.loads(mark.read_text(encoding="utf-8"))["key"]
            assert key not in found, f"the cell {key} was run twice"
            found[key] = outcome(mark.parent)
        return found

    def new_calls(self) -> int:
        """New calls of all cells together."""
        reports = (json.loads(path.read_text(encoding="utf-8")) for path in self.runs.glob("*/report.json"))
        return sum(report["calls"]["new"] for report in reports)

    def paid(self) -> Counter[str]:
        """How often each question was paid for by all cells together, by its cache key."""
        lines = [line for path in self.runs.glob("*/calls.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
        return Counter(call["key"] for call in map(json.loads, lines) if call["new"])


def outcome(run: Path) -> str:
    """What of a run has to be the same wherever it ran, as text.

    The report, the best prompt, the values of all steps, and the key of each question in each step. Left out are the times, the
    name of the folder, and which of two cells paid for a question that both asked.
    """
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    paid = report["calls"]
    same = {name: value for name, value in report.items() if name not in _PAID}
    same["calls"] = [paid["new"] + paid["cached"], paid["failed"]]
    best = json.loads((run / "best.json").read_text(encoding="utf-8"))
    values = _lines(run / "values.jsonl", without=("n", "t"))
    calls = _lines(run / "calls.jsonl", without=("n", "t", "new", "cached"))
    return json.dumps([same, best, values, calls], sort_keys=True, indent=1)


def _lines(path: Path, *, without: Sequence[str]) -> list[str]:
    """The lines of a JSON Lines file without some fields, in a fixed order."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(
        json.dumps({name: one for name, one in line.items() if name not in without}, sort_keys=True) for line in lines
    )
