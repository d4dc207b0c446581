"""Measure what each shipped optimizer reaches per call in the planted worlds, and write the table of docs/worlds.md.

A run is one world, one optimizer and one seed. It ends after the last number of `CALLS`. At each of them the held-out score of
the prompt that leads the search is taken; calls for that score are not counted. A run that is there is skipped, so the
same command continues. Seeds are the outer loop, so the table is fair after each of them; `planted` comes last. All runs take
about half an hour on two cores that do nothing else.

    nice python bench/worlds.py [--only TEXT] [--seeds 20] [--jobs 2]    make the runs that are missing
    nice python bench/worlds.py --page                                  write the tables into docs/worlds.md

A new optimizer is a line of `PIPELINES`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from world_scores import accuracy, task_of

from promptwire.backend import Request
from promptwire.backends.planted import planted
from promptwire.backends.scripted import ScriptedBackend
from promptwire.backends.worlds import WORLDS, world
from promptwire.errors import UsageError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.running.incumbent import find_best
from promptwire.running.preflight import inspect
from promptwire.running.session import Session
from promptwire.stats.student import quantile
from promptwire.values import Prompt

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "worlds.md"
RUNS = ROOT / "docs" / "worlds.jsonl"
CALLS = (100, 200, 500)
"""Numbers of calls, of all roles together, at which the score is taken."""
SEEDS = 20
DEV = 20
"""Examples for choosing between prompts: the last ones of train."""
_MARK, _END = "<!-- reached -->", "<!-- end -->"

# Small enough that each makes several rounds in 500 calls.
PIPELINES = {
    "random-search": "-p n=24 -p pulls=480 -p scored_on=20",
    "ape": "-p draws=4 -p n=5 -p first=5 -p scored_on=20 -p rounds=2",
    "protegi": "-p rounds=8 -p pulls=60 --set search.expand={batch_size: 8, reasons: 2, paraphrases: 1}",
    "opro": "-p steps=30 -p per_step=4 -p scored_on=16",
    "pe2": "-p steps=12 -p width=2 -p expand=2 -p tried_on=8",
    "copro": "-p breadths=[5,6,6,6,6] --set trainset={use: sample, of: $train, n: 16} --set first.on=$trainset"
    " --set search.scores.on=$trainset",
    "evoprompt-ga": "-p induced=3 -p founders=3 -p population=5 -p steps=12 -p scored_on=16",
    "evoprompt-de": "-p induced=3 -p founders=3 -p population=5 -p steps=12 -p scored_on=16",
    "textgrad": "-p updates=24",
    "gepa": "-p rounds=60",
    "capo": "-p steps=16 -p induced=4 -p population=5 -p block=8 -p blocks=3",
    "critique-crossover": "-p population=5 -p children=5 -p steps=10 -p tried_on=8 -p scored_on=16",
    "ape-protegi-opro": "-p draws=2 -p rounds=6 -p scored_on=16 -p width=3 --set search.expand.batch_size=8 -p per_round=4",
    "ampo": "-p rounds=12 -p batch=16 -p failures=4 -p patterns=3 -p gain=0",
    "erm": "-p rounds=8 -p batch=12 -p reasons=3 -p solutions=1 -p shots=1 -p worked=false",
    "miprov2": "-p instructions=6 -p sets=6 -p scored_on=20 -p minibatch=10 -p trials=[5,5,5,5]"
    " --set search.tries.pair.policy=draw",
    "promptagent": "-p iterations=12 -p width=2 -p depth=6 -p scored_on=20",
    "promptbreeder": "-p generations=12 -p population=6 -p batch_size=10 -p shots=2",
    "promptwizard": "-p iterations=6 -p requests=3 -p variations=3 -p shots=2",
    "promptwizard-repaired": "-p iterations=6 -p requests=3 -p variations=3 -p shots=2",
    "relay": "-p scored_on=16 -p pulls=60 --set ape={draws: 2, n: 5, first: 5} --set protegi.rounds=4"
    " --set opro={steps: 8, per_step: 4}",
    "spo": "-p rounds=30 -p samples=6 -p votes=6",
}
"""Settings of each optimizer; equal in all worlds."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the table."""

    world: str
    pipeline: str
    seed: int

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What its line in the file begins with."""
        return self.world, self.pipeline, self.seed, PIPELINES[self.pipeline]


def runs(only: str = "", seeds: int = SEEDS) -> Iterator[Run]:
    """The runs whose names contain `only`."""
    for places in (WORLDS, ("planted",)):
        for seed in range(seeds):
            for place in places:
                for pipeline in PIPELINES:
                    if only in f"{place} {pipeline} {seed}":
                        yield Run(place, pipeline, seed)


def reached(run: Run) -> list[float | None]:
    """Held-out scores after the numbers of `CALLS`; none where the optimizer needs what the task has not."""
    return asyncio.run(_reached(run))


async def _reached(run: Run) -> list[float | None]:
    leaders: dict[int, Prompt] = {}
    try:
        session, best = await _search(run, CALLS[-1], leaders)
    except UsageError:
        if task_of(run.world, DEV).metric != "none":
            raise
        return [None] * len(CALLS)
    if not session.scored_prompts.has_scores:  # no values: each number of calls is a run that ends there
        leaders = {calls: (await _search(run, calls, {}))[1] for calls in CALLS[:-1]}
    return [accuracy(run.world, leaders.get(calls, best)) for calls in CALLS[:-1]] + [accuracy(run.world, best)]


async def _search(run: Run, calls: int, leaders: dict[int, Prompt]) -> tuple[Session, Prompt]:
    """The search of `run` under a limit of `calls`, and its best prompt. `leaders` gets the best so far at each of `CALLS`."""
    model, task = _model(run.world), task_of(run.world, DEV)
    params, sets = settings(run.pipeline)
    graph = load_graph(run.pipeline, params=params, patches=sets)
    trace = Trace(None)
    gateway = Gateway(cache=None, budget=Budget(Limits(calls=calls)), trace=trace)
    task = task.with_dev() if "dev" in graph.inputs else task.model_copy(update={"dev": None})
    session = Session(task, {"task": model, "meta": model, "judge": model}, gateway, trace, run.seed)
    made = model.call

    async def call(request: Request, *, keys: Sequence[str]) -> Any:
        for number in CALLS:
            if number not in leaders and model.completions + len(keys) > number:
                leaders[number] = session.scored_prompts.best() or task.prompts.items[0]
        return await made(request, keys=keys)

    model.call = call  # type: ignore[method-assign]
    try:
        inspect(graph, session)
        return session, await find_best(graph, session)
    finally:
        await gateway.close()


def settings(pipeline: str) -> tuple[dict[str, str], dict[str, str]]:
    """The params and the patches of an optimizer, from its line in `PIPELINES`."""
    words = re.findall(r"(-p|--set) ([\w.-]+)=(.*?)(?= -p | --set |$)", PIPELINES[pipeline])
    params, sets = ({key: value for flag, key, value in words if flag == name} for name in ("-p", "--set"))
    return params, sets


def _model(name: str) -> ScriptedBackend:
    return planted() if name == "planted" else world(name)


Found = Mapping[tuple[str, str, int, str], Sequence[float | None]]


def read() -> dict[tuple[str, str, int, str], list[float | None]]:
    """The runs that were made with the settings of `PIPELINES`."""
    lines = RUNS.read_text(encoding="ascii").splitlines() if RUNS.exists() else []
    found = {tuple(row[:4]): row[4] for row in map(json.loads, lines)}
    return {run.key: found[run.key] for run in runs() if run.key in found}


def make(missing: Sequence[Run], jobs: int) -> None:
    """Make `missing` and add each to the file when it is done."""
    with ProcessPoolExecutor(jobs) as pool, RUNS.open("a", encoding="ascii") as file:
        for run, scores in zip(missing, pool.map(reached, missing), strict=True):
            file.write(json.dumps([*run.key, scores]) + "\n")
            file.flush()
            print(f"{run.world} {run.pipeline} {run.seed}: {scores}", flush=True)


def tables(found: Found) -> Iterator[str]:
    """A Markdown table for each number of calls: by optimizer and world, the mean score and half of its 95% interval."""
    places = ("planted", *WORLDS)
    for column, calls in enumerate(CALLS):
        yield f"### {calls} calls\n"
        yield "| optimizer |" + "".join(f" {place.removeprefix('planted-')} |" for place in places)
        yield "|---|" + "---|" * len(places)
        for name in PIPELINES:
            cells = [[scores[column] for key, scores in found.items() if key[:2] == (place, name)] for place in places]
            yield f"| `{name}` |" + "".join(f" {_mean(values)} |" for values in cells)
        yield ""


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    enough = len(known) > 2
    half = f" ± {quantile(0.975, len(known) - 1) * stdev(known) / sqrt(len(known)):.2f}" if enough else ""
    return f"{fmean(known):.2f}{half}" if known else ""


def seeds_of(found: Found) -> str:
    """How many seeds the cells of the tables have."""
    counts = Counter(key[:2] for key in found)
    least, most = min(counts.values(), default=0), max(counts.values(), default=0)
    made = f"{least}" if least == most else f"{least} to {most}"
    return f"{made} seeds" if least == SEEDS else f"{made} seeds of {SEEDS}; the other runs are not made yet"


def written(page: str, found: Found) -> str:
    """`page` with the tables and settings between its marks."""
    before, _, rest = page.partition(_MARK)
    _, _, after = rest.partition(_END)
    given = "".join(f"| `{name}` | `{words(name)}` |\n" for name in PIPELINES)
    inner = "\n".join([f"Means, with half of a 95% interval from three seeds on, over {seeds_of(found)}.\n", *tables(found)])
    return f"{before}{_MARK}\n\n{inner}\n### Settings\n\n| optimizer | settings |\n|---|---|\n{given}\n{_END}{after}"


def words(pipeline: str) -> str:
    """The settings of an optimizer as they are typed."""
    params, sets = settings(pipeline)
    given = [("-p", params), ("--set", sets)]
    return " ".join(f"{flag} {shlex.quote(f'{key}={value}')}" for flag, pairs in given for key, value in pairs.items())


def main() -> None:
    """Make what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="part of a run's name: WORLD OPTIMIZER SEED")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--page", action="store_true", help="write the tables into docs/worlds.md")
    chosen = parser.parse_args()
    if chosen.page:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), read()), encoding="utf-8")
        return
    known = read()
    make([run for run in runs(chosen.only, chosen.seeds) if run.key not in known], chosen.jobs)


if __name__ == "__main__":
    main()
