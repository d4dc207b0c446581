"""Shipped pipelines under limits of all sizes: each ends with a prompt or is refused before a call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pytest

from promptwire.api import run_async
from promptwire.backend import Completion, Request
from promptwire.backends.planted import reply
from promptwire.backends.scripted import ScriptedBackend
from promptwire.documents import resources
from promptwire.errors import LimitReached
from promptwire.gateway.budget import Budget
from promptwire.graph.steps import Graph
from promptwire.language.check import load_graph
from promptwire.options import Options
from promptwire.results.report import Report
from promptwire.tasks.task import Task, load_task
from promptwire.values import Examples

LIMITS = {
    "calls": (0, 1, 2, 10, 17, 30, 60, 130),
    "tokens": (0, 40, 400, 4000),
    "usd": (0, 0.01, 0.2, 1.0),
    "seconds": (0, 0.1, 1.5, 6),
}
"""Twenty limits, from none at all to enough for some rounds of most pipelines."""
PIPELINES = sorted(name for name in resources.pipelines() if not name.endswith("-expand"))
"""Those that can be run; expansions of ProTeGi are parts of others."""


class Priced(ScriptedBackend):
    """The planted model at a cent an answer."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        from dataclasses import replace

        return [replace(answer, usd=0.01) for answer in await super().call(request, keys=keys)]


class Ticks:
    """A clock that goes on by ten milliseconds whenever it is read, so that time passes with what a run does."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


@lru_cache
def graph_of(name: str, **_: Any) -> Graph:
    return load_graph(name)


@lru_cache
def parcels() -> Task:
    """The planted task with 24 examples to learn from and 8 held out."""
    task = load_task("planted")
    parts = {"train": Examples(items=task.train.items[:24]), "test": Examples(items=task.test.items[:8])}
    return task.model_copy(update=parts)


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load each pipeline and the task once, and let the clock tick."""
    monkeypatch.setattr("promptwire.prepared.load_graph", lambda name, **_: graph_of(name))
    monkeypatch.setattr("promptwire.prepared.task_of", lambda name, changes: parcels())
    monkeypatch.setattr("promptwire.api.Budget", lambda limits, **more: Budget(limits, clock=Ticks(), **more))


async def ended(pipeline: str, name: str, most: float) -> Report | None:
    """The report of a run under one limit; None when it was refused without a call."""
    model = Priced(reply, name="scripted:planted", batches=True)
    models: Any = dict.fromkeys(("task", "meta", "judge"), model)
    try:
        return await run_async(pipeline, "planted", Options(limits={name: most}, cache="off"), models=models)  # type: ignore[dict-item]
    except LimitReached as limit:
        assert not model.completions
        assert (limit.exit_code, "nothing could be scored" in limit.problem) == (6, True)
        return None


@pytest.mark.heavy
@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("name", LIMITS)
async def test_at_any_limit_a_pipeline_ends_with_a_prompt_and_says_where(pipeline: str, name: str) -> None:
    limits = LIMITS[name]
    reports = [await ended(pipeline, name, most) for most in limits]
    found = [report is not None for report in reports]
    assert (found[0], found[-1], found) == (False, True, sorted(found)), "more budget never turns a result into a failure"
    for most, report in zip(limits, reports, strict=True):
        if report is None:
            continue
        assert report.prompt and report.calls.failed == 0
        assert report.limit is None or (report.limit.startswith("the limit of") and ", at " in report.limit)
        assert report.limit is not None or report.test.best.n == 8
        if name == "calls":
            assert report.calls.new <= most and report.test.best.n >= min(most // 4, 8)
