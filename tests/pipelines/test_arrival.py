"""The result of a run does not depend on the order in which replies arrive: prompt, report and scores are equal byte for byte."""

from __future__ import annotations

import random

import pytest
from busy_replies import numbers
from simulated_time import leap
from waits import MemoryCache

from promptwire.backend import Request
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.language.check import load_graph
from promptwire.running.final_report import summarize
from promptwire.running.incumbent import compare_both, find_best
from promptwire.running.preflight import inspect
from promptwire.running.session import Session
from promptwire.values.hashing import digest, stream
from tests.pipelines.search_runs import kind_of, well_formed

WORDS = ["answer", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
RUNS = {
    "random-search": {"n": 6, "pulls": 90},
    "ape": {"rounds": 1, "n": 6, "first": 3, "scored_on": 9},
    "opro": {"steps": 2, "scored_on": 9},
    "ape-protegi-opro": {"rounds": 1, "scored_on": 9},
    "critique-crossover": {"steps": 2, "tried_on": 8, "scored_on": 8},
    "promptagent": {"iterations": 2, "width": 2, "depth": 2, "scored_on": 9},
    "capo": {"steps": 2, "population": 4, "induced": 3, "block": 6, "blocks": 2},
}

SLOW = {"ape-protegi-opro", "critique-crossover", "promptagent"}


def reply(request: Request, key: str) -> str:
    """Answers with some of the right words, so that values are thirds and sevenths; new prompts of which some are equal."""
    if kind_of(request) != "task":
        return well_formed(request, digest([key], 1))
    draw = stream("words", request_text(request))
    return " ".join(draw.sample(WORDS, draw.randint(1, 6)))


def ran(pipeline: str, shuffle: int) -> tuple[str, ...]:
    """What a run tells, when each reply takes another time, by the number `shuffle`."""
    delays = random.Random(shuffle)
    model = ScriptedBackend(reply, latency=lambda request: delays.choice((0.1, 1, 3, 7)), parallel=20)
    task = numbers(18, dev=9).model_copy(update={"metric": "f1"})

    async def main() -> tuple[str, ...]:
        graph, trace = load_graph(pipeline, params=RUNS[pipeline]), Trace(None)
        gateway = Gateway(cache=MemoryCache(), budget=Budget(None), trace=trace)  # type: ignore[arg-type] # what it uses of it
        loaded = task if "dev" in graph.inputs else task.model_copy(update={"dev": None})
        session = Session(loaded, dict.fromkeys(("task", "meta", "judge"), model), gateway, trace)  # type: ignore[arg-type]
        try:
            inspect(graph, session)
            best = await find_best(graph, session)
            search = summarize(session, best)
            scores = await compare_both(graph, best, session)
            shown = (best, search, scores.verdict, scores.test, scores.train)
            late = session.scored_prompts.best()
            return (
                *(one.model_dump_json() for one in shown),
                "" if late is None else late.text,
                str(sorted(session.counts.items())),
            )
        finally:
            await gateway.close()

    return leap(main())


@pytest.mark.parametrize("pipeline", [pytest.param(name, marks=pytest.mark.heavy if name in SLOW else ()) for name in RUNS])
def test_a_run_tells_the_same_in_whatever_order_replies_arrive(pipeline: str) -> None:
    first, *others = [ran(pipeline, shuffle) for shuffle in range(4)]
    assert others == [first] * len(others)
