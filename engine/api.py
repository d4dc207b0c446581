"""The one way in: run a pipeline on a task, and list what there is.

`run` is a thin synchronous door to `run_async`. A run checks all that can be checked before it spends anything: the graph, the
task, the metric against the data, and each model's ability to give what the steps will ask. Whatever happens then, the answers
that were paid for are in the cache before the error is raised.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, get_args

from promptwire.calls.budget import Budget
from promptwire.calls.cache import AnswerCache
from promptwire.calls.gateway import Gateway
from promptwire.calls.retrying import Retry
from promptwire.calls.tally import Tally
from promptwire.calls.trace import Trace
from promptwire.documents.witness import Witness
from promptwire.errors import UsageError
from promptwire.language.check import load_graph
from promptwire.models.catalogue import backend
from promptwire.node import Role
from promptwire.options import Options, cache_folder, runs_folder
from promptwire.request import Backend
from promptwire.running.origin import Origin, fingerprint
from promptwire.running.preflight import bind, inspect
from promptwire.running.record import make_folder, write_file
from promptwire.running.report import TRAIN_SHOWN, Calls, Comparison, Report, compare
from promptwire.running.scheduler import run_graph
from promptwire.running.session import Session
from promptwire.steps import Graph, Limits, Pace
from promptwire.task import Task, load_task
from promptwire.values import Examples, Prompt, Prompts

__all__ = ["Watch", "run", "run_async"]


class Watch(Protocol):
    """Somebody who looks on while a run works."""

    def say(self, text: str) -> None:
        """Show one line, such as what a model's download is doing."""

    def follow(self, tally: Tally) -> None:
        """The numbers of this run can be read here at any time."""

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """An event of the run, as the trace has it."""


def run(pipeline: str, task: str, options: Options | None = None, *, watch: Watch | None = None) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores; see `run_async`.

    Not for a running event loop: there, await `run_async`.
    """
    return asyncio.run(run_async(pipeline, task, options, watch=watch))


async def run_async(
    pipeline: str,
    task: str,
    options: Options | None = None,
    *,
    watch: Watch | None = None,
    models: Mapping[Role, Backend] | None = None,
    witness: Witness | None = None,
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores.

    `pipeline` is a shipped name or a file; `task` is what `promptwire.task.load_task` takes. `models` go before those that
    the options name; `witness` sees, and may forbid, what files are opened.

    Raises PromptwireError: PipelineError, DataError and UsageError before anything is spent; ModelError, LimitReached,
    CacheError, ReplyError or NodeError while running, when all answers that came are in the cache.
    """
    options = options or Options()
    began = time.monotonic()
    witness = witness or Witness()
    with witness.watching():
        graph = load_graph(pipeline, params=options.params, sets=options.patches)
        loaded = load_task(task, options.task)
        mark = fingerprint(loaded)
    if "dev" in graph.inputs:
        loaded = loaded.with_dev()
    limits = _limits(graph, options)
    budget = Budget(limits)
    aside = _kept_back(limits, loaded)
    models = models or _models(options, watch, limits)
    async with _session(graph, loaded, options, models=models, budget=budget, watch=watch) as (session, folder):
        with witness.watching():
            inspect(graph, session)
            budget.set_aside(calls=aside)
            outputs = await run_graph(graph, bind(graph, loaded), session)
            budget.release()
            best = _best(graph, outputs)
            initial = loaded.prompts.items[0]
            test = await compare(session, initial, best, loaded.test)
            train = await compare(session, initial, best, _shown(loaded), partial=True)
        report = _report(graph, session, prompts=(initial, best), scores=(test, train), began=began, folder=folder)
        write_file(folder / "report.json", report.to_json(indent=2) + "\n")
        origin = Origin.of(pipeline, task, options, models=models, witness=witness, mark=mark)
        write_file(folder / "run.json", origin.text())
    return report


@asynccontextmanager
async def _session(
    graph: Graph, task: Task, options: Options, *, models: Mapping[Role, Backend], budget: Budget, watch: Watch | None
) -> AsyncIterator[tuple[Session, Path]]:
    """A session and its run folder; on the way out, what is in flight is waited for and kept."""
    folder = make_folder(runs_folder(), f"{graph.name}-{task.name}-{options.seed}")
    trace = Trace(folder, listener=watch)
    cache = None if options.cache == "off" else AnswerCache(cache_folder())
    paces = _paces(models, options, budget.limits)
    retry = None if options.tries is None else Retry(tries=options.tries)
    gateway = Gateway(cache=cache, budget=budget, trace=trace, policy=options.cache, retry=retry, paces=paces)
    if watch is not None:
        watch.follow(gateway.tally)
    try:
        yield Session(task, models, gateway, trace, options.seed, anytime=budget.limits.on_limit == "stop"), folder
    except asyncio.CancelledError:
        if watch is not None:
            watch.say("stopping: waits for what is in flight, which is paid for; a second Ctrl-C leaves at once")
        raise
    finally:
        try:
            await gateway.close()
        finally:
            if cache is not None:
                cache.close()
            trace.close()


def _models(options: Options, watch: Watch | None, limits: Limits) -> dict[Role, Backend]:
    """The backend of each role; roles with the same model and address share one."""
    parallel: dict[tuple[str, str | None], int | None] = {}
    for role in get_args(Role):
        most = [options.pace(role, limits.roles).parallel, parallel.get(options.model(role))]
        parallel[options.model(role)] = min((one for one in most if one is not None), default=None)
    made: dict[tuple[str, str | None], Backend] = {}
    found: dict[Role, Backend] = {}
    for role in get_args(Role):
        name, api_base = options.model(role)
        if (name, api_base) not in made:
            made[name, api_base] = backend(
                name, api_base=api_base, parallel=parallel[name, api_base], role=role, say=watch.say if watch else None
            )
        found[role] = made[name, api_base]
    return found


def _paces(models: Mapping[Role, Backend], options: Options, limits: Limits) -> dict[str, Pace]:
    """How hard each model may be pressed, by identity: of roles that share one, the strictest."""
    found: dict[str, Pace] = {}
    for role, model in models.items():
        pace = options.pace(role, limits.roles)
        if pace != Pace():
            found[model.identity] = pace.within(found.get(model.identity, Pace()))
    return found


def _limits(graph: Graph, options: Options) -> Limits:
    """The pipeline's limits with those of the command line in their place."""
    whole = {name: int(value) if name in ("calls", "tokens") else value for name, value in options.limits.items()}
    return replace(graph.limits, **whole)  # type: ignore[arg-type]


def _kept_back(limits: Limits, task: Task) -> int:
    """Calls that the held-out comparison needs. Raises UsageError when the limit leaves none for the optimizer."""
    needed = 2 * len(task.test)
    if limits.calls is not None and limits.calls <= needed:
        raise UsageError(
            f"a limit of {limits.calls} calls leaves none to optimize with: the held-out comparison alone makes {needed}",
            hint=f"two prompts on {len(task.test)} test examples; give more calls, or a task with fewer test examples",
        )
    return needed if limits.calls is not None else 0


def _shown(task: Task) -> Examples:
    """The train examples that the report scores: the same ones whatever the pipeline and the seed."""
    return Examples(items=task.train.items[:TRAIN_SHOWN])


def _best(graph: Graph, outputs: Mapping[str, Any]) -> Prompt:
    """The prompt among the pipeline's outputs. Raises UsageError when there is none."""
    for value in outputs.values():
        if isinstance(value, Prompt):
            return value
        if isinstance(value, Prompts) and len(value):
            return value.items[0]
    gave = ", ".join(outputs) or "nothing"
    raise UsageError(f"the pipeline {graph.name!r} gave no prompt (its outputs: {gave})", hint="name one under `outputs:`")


def _report(
    graph: Graph,
    session: Session,
    *,
    prompts: tuple[Prompt, Prompt],
    scores: tuple[Comparison, Comparison],
    began: float,
    folder: Path,
) -> Report:
    total = session.gateway.tally.total
    counts: dict[str, dict[str, int]] = {}
    for (path, what), n in sorted(session.counts.items()):
        counts.setdefault(path, {})[what] = n
    return Report(
        pipeline=graph.name,
        task=session.task.name,
        metric=session.task.metric,
        models={role: model.name for role, model in session.models.items()},
        seed=session.seed,
        prompt=prompts[1].text,
        demos=prompts[1].demos,
        initial_prompt=prompts[0].text,
        test=scores[0],
        train=scores[1],
        calls=Calls(new=total.new, cached=total.cached, failed=total.failed),
        requests=total.requests,
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        cost_usd=total.usd,
        seconds=round(time.monotonic() - began, 2),
        limit=session.limits_hit[0] if session.limits_hit else None,
        counts=counts,
        notes=session.task.notes,
        run=str(folder),
    )
