"""Run a pipeline on a task, or plan that run.

`run` calls `run_async` in an event loop of its own. Before the first call a run checks the graph, the task, the metric against
the data, and whether each model can do what the steps ask. If it fails later, every completion that was paid for is in the
cache before the error is raised.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from promptwire.backend import Backend
from promptwire.backends.factory import backend
from promptwire.errors import LimitReached, PromptwireError, RunError, UsageError
from promptwire.gateway.budget import Budget
from promptwire.gateway.idle_loop import run_loop
from promptwire.graph.steps import Graph
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.local_settings import LocalSettings, is_local
from promptwire.node import Role
from promptwire.options import Options, runs_folder
from promptwire.planning.cost_items import final_calls, report_cost_items
from promptwire.planning.dry_run import ApproveCost, DryRun, NotApproved
from promptwire.planning.plan import Plan
from promptwire.results.provenance import Provenance, fingerprint
from promptwire.results.report import Report, SearchSummary
from promptwire.results.run_folder import keep_file, make_folder, working_folder
from promptwire.results.run_settings import started_with
from promptwire.results.run_state import recorded_state
from promptwire.running.final_report import make_report, summarize
from promptwire.running.incumbent import FinalScores, compare_both, find_best, keep_and_compare, keep_so_far, require_prompt
from promptwire.running.observer import RunObserver
from promptwire.running.preflight import inspect
from promptwire.running.session import Session
from promptwire.running.session_setup import open_session
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.task import Task, load_task
from promptwire.values import Prompt
from promptwire.values.notes import warning

__all__ = ["RunObserver", "plan", "run", "run_async"]


def run(
    pipeline: str,
    task: str,
    options: Options | None = None,
    *,
    observer: RunObserver | None = None,
    approve: ApproveCost | None = None,
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores; see `run_async`.

    Not for a running event loop: there, await `run_async`.
    """
    _refuse_loop("run", "run_async")
    return run_loop(run_async(pipeline, task, options, observer=observer, approve=approve))


def plan(pipeline: str, task: str, options: Options | None = None) -> Plan:
    """The most calls that `run` with the same arguments would make, and how many of them the cache holds.

    No call is made, no file fetched or written. Raises what `run` would raise before its first call. Not for a running event
    loop.
    """
    _refuse_loop("plan", "asyncio.to_thread(promptwire.plan, ...)")
    return run_loop(_plan_async(pipeline, task, options or Options()))


def _refuse_loop(name: str, instead: str) -> None:
    """Raise UsageError inside a running event loop, such as a notebook's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(f"promptwire.{name} can't run inside a running event loop", hint=f"await {instead} instead")


async def run_async(
    pipeline: str,
    task: str,
    options: Options | None = None,
    *,
    observer: RunObserver | None = None,
    approve: ApproveCost | None = None,
    models: Mapping[Role, Backend] | None = None,
    access_log: FileAccessLog | None = None,
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores.

    `pipeline` is a shipped name or a file; `task` is what `promptwire.tasks.task.load_task` takes. `approve` gets the plan
    before the first call that is not in the cache, and may refuse; it is not called for a run that the cache holds. `models`
    replace those that the options name; `access_log` sees, and may forbid, what files are opened.

    Raises PromptwireError: PipelineError, DataError and UsageError before anything is spent; ModelError, LimitReached,
    CacheError, ReplyError or NodeError while running, when all answers that came are in the cache.
    """
    options, access_log, began = options or Options(), access_log or FileAccessLog(), time.monotonic()
    working = working_folder()
    with access_log.recording():
        prepared = _prepare(pipeline, task, options, observer=observer, models=models)
    graph, loaded, models, budget = prepared.graph, prepared.task, prepared.models, Budget(prepared.limits)
    folder = make_folder(runs_folder(), f"{graph.name}-{loaded.name}-{options.seed}")
    dry_run = prepared.dry_run() if approve else None
    observers = [each for each in (dry_run, observer) if each]
    gate = dry_run.gate(approve) if dry_run and approve else None
    report: Report | None = None
    home = working / folder
    try:
        with recorded_state(home, prepared.started(pipeline, task, options)):
            opened = open_session(loaded, options, models, budget, observers=observers, approval=gate, folder=home)
            async with opened as session:
                with access_log.recording():
                    inspect(graph, session)
                    best, search, scores = await _searched(graph, session, budget, home)
                report = make_report(graph, session, best=best, search=search, scores=scores, began=began, folder=folder)
                report = report.model_copy(update={"notes": (*report.notes, *await session.gateway.take_notes())})
                keep_file(home / "report.json", report.to_json(indent=2) + "\n")
                origin = prepared.origin(pipeline, task, options, access_log=access_log, working=working)
                keep_file(home / "run.json", origin.text())
    except NotApproved:
        shutil.rmtree(home, ignore_errors=True)
        raise
    except RunError as error:
        if report is None:
            raise
        report = report.noting(warning(f"the run folder is not whole: {error.problem}"))
    return report


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What a run and its plan have in common before a session is opened."""

    graph: Graph
    """The checked pipeline."""
    task: Task
    """The task, with the dev examples that the pipeline needs."""
    mark: str
    """Fingerprint of the task as it is written."""
    limits: Limits
    """Limits of the pipeline, with those of the options in their place."""
    models: Mapping[Role, Backend]
    """The backend of each role; none is open yet."""

    repeats: int
    """Answers per prompt and held-out example in the comparison."""

    def started(self, pipeline: str, task: str, options: Options) -> dict[str, Any]:
        """What the run is started with, for its record."""
        metric, limits = self.task.metric, self.limits
        return started_with(
            pipeline, task, options, models=self.models, metric=metric, limits=limits, task_fingerprint=self.mark
        )

    def origin(self, pipeline: str, task: str, options: Options, *, access_log: FileAccessLog, working: Path) -> Provenance:
        """The provenance of the finished run."""
        mark = self.mark
        return Provenance.of(
            pipeline, task, options, models=self.models, access_log=access_log, task_fingerprint=mark, working=working
        )

    def dry_run(self) -> DryRun:
        """An observer that plans what is left of the run at its first call."""
        return DryRun(self.graph, self.task, self.models, self.limits, repeats=self.repeats)


def _prepare(
    pipeline: str,
    task: str,
    options: Options,
    *,
    observer: RunObserver | None = None,
    models: Mapping[Role, Backend] | None = None,
) -> _Prepared:
    """Check the pipeline, load the task and make the backends. Raises PipelineError, DataError or UsageError."""
    graph = load_graph(pipeline, params=options.params, patches=options.patches)
    require_prompt(graph)
    loaded = load_task(task, options.task)
    mark = fingerprint(loaded)
    limits = graph.limits.with_budgets(options.limits)
    loaded = loaded.with_dev() if "dev" in graph.inputs else loaded
    models = models or _models(options, observer, limits, _local(graph, loaded))
    return _Prepared(graph, loaded, mark, limits, models, options.repeats)


def _facts(graph: Graph, session: Session, limits: Limits) -> dict[str, Any]:
    """What is known of a run at its beginning, for the trace."""
    budgets = limits.model_dump(include={"calls", "tokens", "usd", "seconds"}, exclude_none=True)
    models = {role: model.name for role, model in session.models.items()}
    return {"pipeline": graph.name, "task": session.task.name, "seed": session.seed, "models": models, "limits": budgets}


async def _searched(graph: Graph, session: Session, budget: Budget, folder: Path) -> tuple[Prompt, SearchSummary, FinalScores]:
    """The best prompt that `graph` finds, the search, and the scores of this prompt beside those of the initial one.

    Raises LimitReached when a limit is too small for a single score.
    """
    session.trace.event("run", **_facts(graph, session, budget.limits))
    budget.reserve_final(*_final_needs(session.task, session.repeats))
    try:
        best = await find_best(graph, session)
    except NotApproved:
        raise
    except PromptwireError as error:
        keep_so_far(error, session, folder)
        raise
    search = summarize(session, best)
    budget.release()
    scores = await keep_and_compare(graph, best, session, folder)
    if session.limits_hit and not (session.scored_prompts.has_scores or scores.test.best.n or budget.spent.calls):
        raise LimitReached(f"{session.limits_hit[0]}: nothing could be scored", hint="give the run a higher --limit")
    return best, search, scores


async def _plan_async(pipeline: str, task: str, options: Options) -> Plan:
    """The plan of a run: the run begins without a folder and ends at its first call that is not in the cache."""
    prepared = _prepare(pipeline, task, options)
    graph, loaded, models = prepared.graph, prepared.task, prepared.models
    dry_run = prepared.dry_run()
    found: list[Plan] = []

    def stop(plan: Plan) -> None:
        found.append(plan)
        raise NotApproved("this was only a plan")

    gate = dry_run.gate(stop)
    async with open_session(loaded, options, models, Budget(prepared.limits), observers=[dry_run], approval=gate) as session:
        inspect(graph, session)
        try:
            await compare_both(graph, await find_best(graph, session), session)
        except NotApproved:
            return found[0]
        except PromptwireError as error:
            return dry_run.plan().noting(f"the run will end with an error: {error.problem}")
        return dry_run.plan()


def _local(graph: Graph, task: Task) -> dict[Role, LocalSettings]:
    """Settings of local models by role: the task's before the pipeline's."""
    none = LocalSettings()
    return {role: task.local.get(role, none).over(graph.local.get(role, none)) for role in get_args(Role)}


def _models(
    options: Options, observer: RunObserver | None, limits: Limits, local: Mapping[Role, LocalSettings]
) -> dict[Role, Backend]:
    """The backend of each role; roles with the same model, address and local settings share one."""
    keys = {role: (*options.model(role), _effective(options.model(role)[0], local[role])) for role in get_args(Role)}
    parallel: dict[tuple[str, str | None, LocalSettings], int | None] = {}
    for role, key in keys.items():
        most = [options.pace(role, limits.roles).parallel, parallel.get(key)]
        parallel[key] = min((one for one in most if one is not None), default=None)
    made: dict[tuple[str, str | None, LocalSettings], Backend] = {}
    for role, key in keys.items():
        if key not in made:
            name, api_base, settings = key
            made[key] = backend(
                name,
                api_base=api_base,
                parallel=parallel[key],
                timeout=options.timeout,
                role=role,
                local=settings,
                say=observer.say if observer else None,
            )
    return {role: made[key] for role, key in keys.items()}


def _effective(name: str, local: LocalSettings) -> LocalSettings:
    """`local` for a local model; none for others, so that roles with the same other model share a backend."""
    return local if is_local(name) else LocalSettings()


def _final_needs(task: Task, repeats: int) -> tuple[Mapping[Role, int], Mapping[Role, float]]:
    """Calls of each role that the held-out comparison needs, and about how many tokens each of them takes."""
    tokens = {part.role: sum(part.tokens() or ()) / (part.calls.most or 1) for part in report_cost_items(task)}
    return final_calls(task, repeats), tokens
