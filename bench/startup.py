"""Measure the start-up time of the command line: `--help` and `check` as processes.

    python bench/startup.py [ROUNDS]

Rounds are interleaved, and each figure is the best of all rounds, because other load only adds time. CPU time stands beside
wall time. Ratios are to a process that only imports pydantic and jinja2, which promptwire cannot avoid.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

PYTHON = [sys.executable, "-c"]
PROMPTWIRE = [sys.executable, "-m", "promptwire"]
LARGEST = "ape-protegi-opro"
COMMANDS = {
    "python -c pass": [*PYTHON, "pass"],
    "import pydantic, jinja2": [*PYTHON, "import pydantic, jinja2"],
    "promptwire --help": [*PROMPTWIRE, "--help"],
    "promptwire check ape": [*PROMPTWIRE, "check", "ape"],
    f"promptwire check {LARGEST}": [*PROMPTWIRE, "check", LARGEST],
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


def spent(command: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of one process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            found[name].append(spent(command))
    best = {name: [min(column) for column in zip(*times, strict=True)] for name, times in found.items()}
    base = best["import pydantic, jinja2"]
    print(f"{'best of ' + str(rounds):<36}{'wall':>9}{'processor':>12}{'ratio':>8}")
    for name, (wall, processor) in best.items():
        print(f"{name:<36}{wall:>7.3f} s{processor:>10.3f} s{processor / base[1]:>8.2f}")
    runs = [json.loads(subprocess.run([*PYTHON, CHECKING], capture_output=True, check=True).stdout) for _ in range(rounds)]
    first, again = (min(column) for column in zip(*runs, strict=True))
    print(f"\nchecking {LARGEST} in a process that has started: first {first * 1000:.0f} ms, again {again * 1000:.0f} ms")


if __name__ == "__main__":
    main()
