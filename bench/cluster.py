"""Show that sweeps on several workers give the same results for the same payments, and measure what that costs.

    python -m bench.cluster limits        Redis and Dask by themselves: bytes and processor time; 3 minutes
    python -m bench.cluster same          24 cells in one process, on 2 and on 4 workers: results and questions; 5 minutes
    python -m bench.cluster model         the same with the embedded model and smaller cells; 25 minutes
    python -m bench.cluster calls         50,000 calls at 20 ms on 1, 2 and 4 workers, with the shared cache and without
    python -m bench.cluster cells         what the scheduler adds to a cell

Each prints its rows and keeps them in docs/cluster.jsonl; `--tables` then writes the tables of docs/cluster.md. With `--small`
it is a tenth of the work, and nothing is written. Wall time needs a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import cluster_limits, cluster_page
from .cluster_parts import MISSING, Parts
from .cluster_same import cells, model, same
from .cluster_speed import calls

Rows = Iterator[tuple[str, Mapping[str, Any]]]


def limits(parts: Parts, scale: float) -> Rows:
    """Redis and Dask by themselves."""
    kinds = {"recorded": cluster_limits.recorded_rows(), "1,500 characters": cluster_limits.long_rows()}
    for name, rows in kinds.items():
        yield (
            "memory",
            {"answers": name, **cluster_limits.memory(parts, rows, int((1e6 if name == "recorded" else 2e5) * scale))},
        )
    for name, rows in kinds.items():
        for row in cluster_limits.reading(parts, rows, int(1e5 * scale)):
            yield "reading", {"answers": name, **row}
    for wave in (1, 32, 256):
        yield "tier", cluster_limits.calls(parts, kinds["recorded"], int((4e4 if wave > 1 else 4e3) * scale), wave=wave)
    scheduler = parts.scheduler()
    started = parts.workers(scheduler, ["worker-0", "worker-1"])
    for size in (10_000, 100_000, 1_000_000):
        row = cluster_limits.scheduler_tasks(
            parts, scheduler, tasks=int((2000 if size < 1_000_000 else 200) * scale), size=size
        )
        yield "scheduler tasks", row
    for worker in started:
        worker.kill()
    for row in cluster_limits.scheduler_idle(parts, scheduler, workers=[1, 50, 100], seconds=max(5, 30 * scale)):
        yield "scheduler workers", row


WORKS: Mapping[str, Callable[[Parts, float], Rows]] = {
    "limits": limits,
    "same": same,
    "model": model,
    "calls": calls,
    "cells": cells,
}


def main() -> None:
    """Do the works that are named, print their rows, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", choices=[*WORKS, []], help="what to do")
    parser.add_argument("--small", action="store_true", help="a tenth of the work; writes nothing")
    parser.add_argument("--tables", action="store_true", help="write the tables of docs/cluster.md")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the parts end too
    if MISSING:
        parser.error(f"missing here: {MISSING}")
    for name in options.works:
        found: dict[str, list[Mapping[str, Any]]] = {}
        with tempfile.TemporaryDirectory() as folder, Parts(Path(folder) / "parts") as parts:
            for table, row in WORKS[name](parts, 0.1 if options.small else 1.0):
                print(table, dict(row), flush=True)
                found.setdefault(table, []).append(row)
                if not options.small:
                    cluster_page.keep(table, found[table])
    if options.tables:
        cluster_page.main()


if __name__ == "__main__":
    main()
