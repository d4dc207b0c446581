"""Measure how long a search waits for its own requests: the longest chain of requests, by a simulated clock.

Every request takes one unit of simulated time, and computing takes none. So the time of a run with room for every request is
the number of requests that waited for one another. A busy machine has no effect.

    python bench/waits.py                  a line for each shipped pipeline, with small settings
    python bench/waits.py --page           the same, written into docs/performance.md
    python bench/waits.py PIPELINE ...     with the pipeline's own settings, on the planted task
"""

from __future__ import annotations

import argparse
import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from busy_replies import numbers, well_formed
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

__all__ = ["CHAINS", "Chain", "Waits", "busy", "waits"]

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_MARK, _END = "<!-- waits -->", "<!-- end of waits -->"
FEW = 8
"""Slots of the second measurement."""

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

    def find(self, keys: Sequence[str]) -> dict[str, Completion]:
        """The completions under `keys` that are there."""
        return {key: self._rows[key] for key in keys if key in self._rows}

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


@dataclass(frozen=True, slots=True)
class Chain:
    """What the algorithm of a pipeline waits for."""

    params: Mapping[str, Any]
    """Small settings."""
    own: int
    """Most requests that wait for one another by the algorithm, with these settings and `busy_replies`."""
    words: str
    """The chain in words; what one step asks together counts as one."""


_APE = "stages of the filter"
_PE2 = "first scores; a round: scores of the beam, examinations, refinements, scores"
_OPRO = "first scores; a step: ideas, scores"
_WIZARD = (
    "a round: mutations, answers in sequence, critique, refinement, answers in sequence; hard examples; a coin: two requests"
)
_MIPRO = "shots, until enough replies are right; notes on the data; program, role, proposal; a trial: scores"
_TEXTGRAD = "first scores; an update: answers, feedback on each, feedback on the prompt, rewrite, scores"
_EVO = "induction, scores, paraphrases, scores; a generation: children, scores"
_CAPO = "induction, paraphrases, shots; a step: crossover, mutation, shots, blocks of the race"
_GEPA = "first scores; a round: answers, reflection, answers, and scores if the child is accepted"
_AGENT = "first scores; an expansion: answers, critiques, edits, scores of each minibatch in turn"
_BREEDER = "prompts, workings; a generation: fitness, mutation prompts, mutations, workings"
_PROTEGI = "a round: answers, gradients, edits, paraphrases, rounds of UCB with known prompts; last scores"
CHAINS = {
    "ampo": Chain({"rounds": 2}, 7, "first scores; a round: scores, analyses, patterns, revisions, pruning, scores"),
    "ape": Chain({"rounds": 1, "n": 4, "first": 4}, 8, f"proposals, {_APE}; a round: variants, {_APE}"),
    "ape-logprob": Chain({"n": 4, "first": 4}, 4, f"proposals, {_APE}"),
    "ape-paraphrase": Chain({"rounds": 1, "n": 8, "first": 4}, 8, "as ape"),
    "ape-protegi-opro": Chain({"rounds": 2}, 10, "induction, scores; a round: scores on a minibatch, gradients, edits, scores"),
    "ape-reverse": Chain({"n": 4, "first": 4}, 4, "as ape-logprob"),
    "apo": Chain({"steps": 2}, 9, "as pe2"),
    "capo": Chain({"steps": 3, "population": 4, "induced": 3, "block": 6, "blocks": 3}, 22, _CAPO),
    "copro": Chain({"breadths": [3, 4, 4]}, 6, "a depth: ideas, scores"),
    "critique-crossover": Chain({"steps": 3}, 14, "paraphrases, scores; a generation: answers, critiques, children, scores"),
    "erm": Chain({"rounds": 2}, 11, "first scores; a step: answers, solutions, feedback, refinements, scores"),
    "evoprompt-de": Chain({"steps": 3, "induced": 3}, 10, _EVO),
    "evoprompt-ga": Chain({"steps": 3, "induced": 3}, 10, _EVO),
    "gepa": Chain({"rounds": 6}, 19, _GEPA),
    "iterative-ape": Chain({"steps": 2}, 5, "first scores; a round: paraphrases, scores"),
    "miprov2": Chain({"trials": [2, 1]}, 32, _MIPRO),
    "miprov2-heavy": Chain({"trials": [2, 1]}, 32, _MIPRO),
    "miprov2-medium": Chain({"trials": [2, 1]}, 32, _MIPRO),
    "opro": Chain({"steps": 3}, 7, _OPRO),
    "opro-hard": Chain({"steps": 3}, 7, _OPRO),
    "opro-small": Chain({"steps": 3}, 7, _OPRO),
    "pe2": Chain({"steps": 2}, 9, _PE2),
    "pe2-induction": Chain({"steps": 2, "induced": 5}, 10, f"inductions, {_PE2}"),
    "pe2-momentum": Chain({"steps": 2}, 9, _PE2),
    "pe2-small": Chain({}, 9, _PE2),
    "promptagent": Chain({"iterations": 2, "depth": 3}, 19, _AGENT),
    "promptbreeder": Chain({"population": 6, "generations": 2}, 10, _BREEDER),
    "promptwizard": Chain({"iterations": 2}, 18, f"{_WIZARD}; persona"),
    "promptwizard-repaired": Chain({"iterations": 2}, 18, f"{_WIZARD}; persona, scores"),
    "protegi": Chain({"rounds": 2, "pulls": 640}, 11, _PROTEGI),
    "protegi-repo": Chain({"rounds": 2, "pulls": 300}, 11, "as protegi, with one round of scores"),
    "protegi-small": Chain({}, 9, "as protegi, without paraphrases"),
    "random-search": Chain({"n": 4}, 2, "paraphrases, scores"),
    "relay": Chain({"rounds": 2, "steps": 2, "pulls": 300}, 20, "those of ape, protegi and opro"),
    "spo": Chain({"rounds": 3}, 10, "first answers; a round: proposal, answers, votes"),
    "textgrad": Chain({"updates": 3}, 16, _TEXTGRAD),
    "textgrad-momentum": Chain({"updates": 3}, 16, _TEXTGRAD),
}


def busy(pipeline: str, slots: int = ENDLESS) -> Waits:
    """The run of a shipped pipeline with its settings in `CHAINS` and replies with which no search ends early."""
    task = numbers(24, dev=12)
    return waits(pipeline, task, slots=slots, params=CHAINS[pipeline].params, answer=well_formed)


def table() -> str:
    """The table of all shipped pipelines."""
    head = ("pipeline", "settings", "what waits", "algorithm", "measured", "requests", f"with {FEW} slots", "most")
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, chain in CHAINS.items():
        free, few = busy(name), busy(name, FEW)
        given = " ".join(f"{key}={value}" for key, value in chain.params.items()).replace(", ", ",")
        facts = (chain.own, free.search, few.requests, few.length, free.length + math.ceil(few.requests / FEW))
        lines.append(f"| `{name}` | {f'`{given}`' if given else ''} | {chain.words} | {' | '.join(map(str, facts))} |")
    return "\n".join(lines)


def main() -> None:
    """Print a line for each pipeline, or write all lines into the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pipelines", nargs="*")
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("-p", "--param", action="append", default=[])
    parser.add_argument("--page", action="store_true", help="write the table into docs/performance.md")
    chosen = parser.parse_args()
    if chosen.page:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(_MARK)
        PAGE.write_text(f"{before}{_MARK}\n\n{table()}\n\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")
    elif not chosen.pipelines:
        print(table())
    params = dict(one.split("=", 1) for one in chosen.param)
    for name in chosen.pipelines:
        free, few = waits(name, params=params), waits(name, slots=chosen.slots, params=params)
        print(f"{name}: {free.requests} requests, a chain of {free.search} + {free.comparison}, at most {free.peak} in flight;")
        print(f"with {chosen.slots} slots {few.length} long, at most {few.peak} in flight")


if __name__ == "__main__":
    main()
