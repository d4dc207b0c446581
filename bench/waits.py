"""Measure how long a search waits for its own requests: the longest chain of requests, by a simulated clock.

Every request takes one unit of simulated time, and computing takes none. So the time of a run with room for every request is
the number of requests that waited for one another. Beside it stands the time with fewer slots. Its ideal is the larger of that
chain and of requests / slots. A busy machine has no effect.

    python bench/waits.py [PIPELINE ...] [--slots 64]
"""

from __future__ import annotations

import argparse
import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from simulated_time import leap

from promptwire.backend import Completion
from promptwire.backends.planted import reply
from promptwire.backends.scripted import Reply, ScriptedBackend
from promptwire.cache.disk import Told
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.running.incumbent import compare_both, find_best
from promptwire.running.preflight import inspect
from promptwire.running.session import Session
from promptwire.tasks.task import Task, load_task

__all__ = ["Waits", "waits"]

ENDLESS = 1_000_000
"""Slots for every request of a run."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Times of one run, in units of one request's latency."""

    requests: int
    """Requests of search and comparison."""
    search: int
    """Length of the search."""
    comparison: int
    """Length of the comparison after it."""
    peak: int
    """Most requests in flight."""

    @property
    def length(self) -> int:
        """Length of the whole run."""
        return self.search + self.comparison


class MemoryCache:
    """The part of a response cache that a gateway uses, without a thread that a simulated clock would not wait for."""

    def __init__(self) -> None:
        self._rows: dict[str, Completion] = {}
        self._held: list[Callable[[], None]] = []

    def get(self, key: str) -> Completion | None:
        """The completion under `key`."""
        return self._rows.get(key)

    def hold(self, key: str, completion: Completion, told: Told, **_: Any) -> None:
        """Store `completion`; `told` is called at the next `release`."""
        self._held.append(partial(told, self._rows.setdefault(key, completion)))

    def release(self) -> None:
        """Say what is stored."""
        held, self._held = self._held, []
        for tell in held:
            tell()

    def flush(self) -> None:
        """Nothing is written later."""


def waits(
    pipeline: str,
    task: Task | None = None,
    *,
    slots: int = ENDLESS,
    params: Mapping[str, Any] | None = None,
    answer: Reply = reply,
    limits: Limits | None = None,
) -> Waits:
    """How long a run of `pipeline` takes, with its comparison, when `slots` requests may be in flight."""
    return leap(_run(pipeline, task or load_task("planted"), slots, params or {}, answer, limits))


async def _run(pipeline: str, task: Task, slots: int, params: Mapping[str, Any], answer: Reply, limits: Limits | None) -> Waits:
    model = ScriptedBackend(answer, latency=1.0, parallel=slots)
    graph = load_graph(pipeline, params=params)
    trace, cache = Trace(None), MemoryCache()
    gateway = Gateway(cache=cache, budget=Budget(limits), trace=trace)  # type: ignore[arg-type] # what the gateway uses of it
    loaded = task.with_dev() if "dev" in graph.inputs else task
    session = Session(loaded, {"task": model, "meta": model, "judge": model}, gateway, trace)
    clock = asyncio.get_running_loop().time
    try:
        inspect(graph, session)
        best = await find_best(graph, session)
        searched = clock()
        await compare_both(graph, best, session)
        return Waits(len(model.requests), round(searched), round(clock() - searched), model.peak)
    finally:
        await gateway.close()


def main() -> None:
    """Print a line for each pipeline."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pipelines", nargs="*")
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("-p", "--param", action="append", default=[])
    chosen = parser.parse_args()
    params = dict(one.split("=", 1) for one in chosen.param)
    print(
        "| pipeline | requests | search | comparison | peak | with slots | ideal | ratio |\n|---|---|---|---|---|---|---|---|"
    )
    for name in chosen.pipelines:
        free, few = waits(name, params=params), waits(name, slots=chosen.slots, params=params)
        ideal = max(free.length, math.ceil(few.requests / chosen.slots))
        facts = (free.requests, free.search, free.comparison, free.peak, few.length, ideal, f"{few.length / ideal:.2f}")
        print(f"| {name} | {' | '.join(map(str, facts))} |", flush=True)


if __name__ == "__main__":
    main()
