"""Measure the start-up time of the command line as processes: `--help`, `check`, a run from the cache, a list of 1,000 runs.

    python bench/startup.py [ROUNDS]

Rounds are interleaved, and each figure is the best of all rounds, because other load only adds time. CPU time stands beside
wall time. Ratios are to a process that only imports yaml, jinja2, pydantic and diskcache, which a run cannot avoid.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PYTHON = [sys.executable, "-c"]
PROMPTWIRE = [sys.executable, "-m", "promptwire"]
LARGEST = "ape-protegi-opro"
RUNS = 1000
SEARCH = ["run", "ape", "--task", "planted", "--model", "scripted:planted", "--yes"]
COMMANDS = {
    "python -c pass": [*PYTHON, "pass"],
    "import yaml, jinja2, pydantic, diskcache": [*PYTHON, "import yaml, jinja2, pydantic, diskcache"],
    "promptwire --help": [*PROMPTWIRE, "--help"],
    "promptwire check ape": [*PROMPTWIRE, "check", "ape"],
    f"promptwire check {LARGEST}": [*PROMPTWIRE, "check", LARGEST],
    "promptwire run, all from the cache": [*PROMPTWIRE, *SEARCH, "--cache", "only"],
    f"promptwire runs -n 0 ({RUNS:,} runs)": [*PROMPTWIRE, "runs", "-n", "0"],
}
CHECKING = f"""
import json, time
from promptwire.language.check import check
def spent():
    began = time.perf_counter()
    check({LARGEST!r})
    return time.perf_counter() - began
print(json.dumps([spent(), min(spent() for _ in range(5))]))
"""


def make_runs(folder: Path) -> None:
    """Run folders with the small files that a list reads."""
    score = {"score": 0.5, "low": 0.4, "high": 0.6, "n": 120}
    calls = {"new": 600, "cached": 40, "failed": 0}
    facts = {"pipeline": "protegi", "task": "planted", "metric": "exact", "seed": 0, "models": {"task": "scripted:planted"}}
    report = {
        **facts,
        "prompt": "Name it. " * 60,
        "initial_prompt": "Name it.",
        "test": dict.fromkeys(("initial", "best", "gain"), score),
    }
    report |= {"calls": calls, "cost_usd": 0.0, "seconds": 9.5, "limit": None, "notes": ["a note of some length"] * 8}
    for number in range(RUNS):
        run = folder / f"20261101-{number // 60 % 24:02}{number % 60:02}00-protegi-planted-{number}"
        run.mkdir()
        (run / "state.json").write_text(
            json.dumps({**facts, "began": 1.79e9 + number, "ended": 1.79e9 + number + 9, "how": "finished"})
        )
        (run / "report.json").write_text(json.dumps(report))


def spent(command: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of one process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Path(folder))
        os.environ["PROMPTWIRE_RUNS"] = folder
        os.environ["PROMPTWIRE_CACHE"] = f"{folder}/cache"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode on disk
        os.environ["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"
        spent([*PROMPTWIRE, *SEARCH])
        measure()


def measure() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            found[name].append(spent(command))
    best = {name: [min(column) for column in zip(*times, strict=True)] for name, times in found.items()}
    base = best["import yaml, jinja2, pydantic, diskcache"]
    print(f"{'best of ' + str(rounds):<44}{'wall':>9}{'processor':>12}{'ratio':>8}")
    for name, (wall, processor) in best.items():
        print(f"{name:<44}{wall:>7.3f} s{processor:>10.3f} s{processor / base[1]:>8.2f}")
    runs = [json.loads(subprocess.run([*PYTHON, CHECKING], capture_output=True, check=True).stdout) for _ in range(rounds)]
    first, again = (min(column) for column in zip(*runs, strict=True))
    print(f"\nchecking {LARGEST} in a process that has started: first {first * 1000:.0f} ms, again {again * 1000:.0f} ms")


if __name__ == "__main__":
    main()
