"""What a cell costs beside its run: one process, and workers of Dask on this machine.

`python -m bench.cells [CELLS [WORKERS]]` runs small cells in both ways, in turns, with all answers in the cache. Each turn runs
a quarter of the cells and then all: the difference is what a cell costs, the rest what the start costs. Processor time counts
this process and those that have ended: scheduler, workers and the processes in which the cells run.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from promptwire.gateway.idle_loop import run_loop
from promptwire.options import Options
from promptwire.sweeps.dask_runner import OnDask
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.matrix import Cell, make_matrix, parse_row
from promptwire.sweeps.packing import Packer
from promptwire.sweeps.parcel import write_text
from promptwire.sweeps.runner import CellEnd

_TURNS = 3


def cells(count: int) -> tuple[Cell, ...]:
    """Small cells of the planted model, which differ in their seed."""
    options = Options(models={"task": "scripted:planted"})
    return make_matrix([parse_row("random-search -p n=1 -p pulls=8")], ["planted"], range(count), options)


def processor() -> float:
    """Processor seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def work(runner: Any, todo: Sequence[Cell]) -> tuple[float, float]:
    """Seconds and processor seconds from the start to the end of all."""
    ends: list[CellEnd] = []
    began, before = time.perf_counter(), processor()
    try:
        await runner.prepare(todo)
        await runner.run(todo, tell=lambda event: ends.append(event) if isinstance(event, CellEnd) else None)
    finally:
        await runner.close()
    assert [end.state for end in ends] == ["finished"] * len(todo), ends
    return time.perf_counter() - began, processor() - before


def main() -> None:
    """Print the table."""
    given = [int(text) for text in sys.argv[1:]]
    count, workers = (*given, *(40, 2)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROMPTWIRE_CACHE"] = str(Path(folder) / "cache")
        os.environ["PROMPTWIRE_RUNS"] = str(Path(folder) / "runs")
        os.chdir(folder)
        todo = cells(count)
        parcel = len(write_text(Packer().pack(todo[0])))
        run_loop(work(InProcess(), todo))
        found: dict[str, list[tuple[float, ...]]] = {}
        for _ in range(_TURNS):
            for name in ("one process", f"local:{workers}"):
                few, all_ = (
                    run_loop(work(InProcess() if name == "one process" else OnDask(name), part))
                    for part in (todo[: count // 4], todo)
                )
                each = [(more - less) / (count - count // 4) for less, more in zip(few, all_, strict=True)]
                start = [less - one * (count // 4) for less, one in zip(few, each, strict=True)]
                found.setdefault(name, []).append((*each, *start))
    print(f"{count} cells, all answers cached; a parcel has {parcel:,} bytes; medians of {_TURNS} turns")
    for name, rows in found.items():
        seconds, used, start, started = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:12}  {seconds * 1000:5.0f} ms and {used * 1000:5.0f} ms of processor time a cell", end="")
        print(f"; {start:5.1f} s and {started:5.1f} s for the start")


if __name__ == "__main__":
    main()
