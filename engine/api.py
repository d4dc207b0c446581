"""Run a pipeline on a task, or plan that run.

`run` calls `run_async` in an event loop of its own, and in a thread of its own where a loop runs already. Before the first call
a run checks the graph, the task, the metric against the data, and whether each model can do what the steps ask. If it fails
later, every completion that was paid for is in the cache before the error is raised.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptwire.backend import Backend
from promptwire.errors import LimitReached, NotStarted, PromptwireError, RunError
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.budget import Budget
from promptwire.gateway.collector import fewer_collections
from promptwire.gateway.idle_loop import run_anywhere
from promptwire.gateway.shared_budget import SharedBudget
from promptwire.graph.steps import Graph
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.options import Options, runs_folder
from promptwire.planning.chain import with_chain
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
from promptwire.running.live_progress import LiveProgress, shown
from promptwire.running.observer import RunObserver
from promptwire.running.preflight import inspect
from promptwire.running.role_models import role_models
from promptwire.running.session import Session
from promptwire.running.session_setup import open_session
from promptwire.running.task_recording import keep_task
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.given_task import given_parts, task_of
from promptwire.tasks.task import Task
from promptwire.values import Prompt
from promptwire.values.notes import warning

__all__ = ["RunObserver", "plan", "run", "run_async"]


def run(
    pipeline: str,
    task: Any,
    options: Options | None = None,
    *,
    prompt: str | Sequence[str] | None = None,
    metric: str | Callable[..., Any] | None = None,
    progress: bool = False,
    observer: RunObserver | None = None,
    approve: ApproveCost | None = None,
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores; see `run_async`.

    Inside a running event loop, such as a notebook's, it works in a thread and blocks that loop until it ends; a server awaits
    `run_async` instead.
    """
    told: dict[str, Any] = {"prompt": prompt, "metric": metric, "progress": progress}
    return run_anywhere(run_async(pipeline, task, options, **told, observer=observer, approve=approve))


def plan(
    pipeline: str,
    task: Any,
    options: Options | None = None,
    *,
    prompt: str | Sequence[str] | None = None,
    metric: str | Callable[..., Any] | None = None,
) -> Plan:
    """The most calls that `run` with the same arguments would make, and how many of them the cache holds.

    No call is made, no file fetched or written; but answers of a shared cache are stored in the local one. Raises what `run`
    would raise before its first call.
    """
    return run_anywhere(_plan_async(pipeline, task, _told(options, prompt, metric)))


def _told(options: Options | None, prompt: str | Sequence[str] | None, metric: str | Callable[..., Any] | None) -> Options:
    """`options` with `prompt` and `metric` among the keys of the task."""
    options = options or Options()
    told = {name: value for name, value in (("prompt", prompt), ("metric", metric)) if value is not None}
    return options.model_copy(update={"task": {**options.task, **told}})


async def run_async(
    pipeline: str,
    task: Any,
    options: Options | None = None,
    *,
    prompt: str | Sequence[str] | None = None,
    metric: str | Callable[..., Any] | None = None,
    progress: bool = False,
    observer: RunObserver | None = None,
    approve: ApproveCost | None = None,
    models: Mapping[Role, Backend] | None = None,
    access_log: FileAccessLog | None = None,
    shared: SharedBudget | None = None,
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores.

    `pipeline` is a shipped name or a file. `task` is what `promptwire.load_task` or `promptwire.make_task` takes. `prompt` and
    `metric`, which may be a function of an answer and its accepted outputs, replace those of the task. `progress` shows in a
    notebook or on standard error where the run is. `approve` gets the plan before the first new call, and may refuse. `models`
    replace those of the options. `access_log` sees, and may forbid, what files are opened. `shared` is the sweep's budget.

    Raises PipelineError, DataError, UsageError or NotStarted before anything is spent; ModelError, LimitReached, CacheError,
    ReplyError or NodeError while running: all answers are then in the cache.
    """
    access_log, began, working = access_log or FileAccessLog(), time.monotonic(), working_folder()
    observer = LiveProgress(observer) if progress else observer
    with access_log.recording():
        prepared = _prepare(pipeline, task, _told(options, prompt, metric), observer=observer, models=models)
    graph, loaded, models, budget = prepared.graph, prepared.task, prepared.models, Budget(prepared.limits, shared=shared)
    home = working / (folder := make_folder(runs_folder(), f"{graph.name}-{loaded.name}-{prepared.options.seed}"))
    observers, gate = prepared.observed(observer, approve)
    report: Report | None = None
    try:
        with shown(observer), fewer_collections(), recorded_state(home, prepared.started(pipeline)):
            opened = open_session(loaded, prepared.options, models, budget, observers=observers, approval=gate, folder=home)
            async with opened as session:
                with access_log.recording():
                    best, search, scores = await _searched(graph, session, budget, home)
                report = make_report(graph, session, best=best, search=search, scores=scores, began=began, folder=folder)
                report = report.noting(*await session.gateway.take_notes())
                keep_file(home / "report.json", report.to_json(indent=2) + "\n")
                keep_file(home / "run.json", prepared.origin(pipeline, access_log, working).text())
    except (NotApproved, NotStarted):
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
    name: str
    """The task as it was named, or its own name when it was given in Python."""
    options: Options
    """The options with names in place of functions."""

    def started(self, pipeline: str) -> dict[str, Any]:
        """What the run is started with, for its record."""
        metric, mark = self.task.metric, self.mark
        limits, models, group = self.limits, self.models, self.task.group
        return started_with(
            pipeline, self.name, self.options, models=models, metric=metric, limits=limits, task_fingerprint=mark, group=group
        )

    def origin(self, pipeline: str, access_log: FileAccessLog, working: Path) -> Provenance:
        """The provenance of the finished run."""
        models, mark = self.models, self.mark
        found = Provenance.of(
            pipeline, self.name, self.options, models=models, access_log=access_log, task_fingerprint=mark, working=working
        )
        return found.model_copy(update={"given": given_parts(self.task)})

    def observed(
        self, observer: RunObserver | None, approve: ApproveCost | None
    ) -> tuple[list[RunObserver], ApprovalGate | None]:
        """All observers of the run, and the gate that asks `approve`; None where nothing asks."""
        if approve is None:
            return [observer] if observer else [], None
        dry_run = self.dry_run()
        return [dry_run, *([observer] if observer else [])], dry_run.gate(approve)

    def dry_run(self) -> DryRun:
        """An observer that plans what is left of the run at its first call."""
        return DryRun(self.graph, self.task, self.models, self.limits, repeats=self.repeats)


def _prepare(
    pipeline: str,
    task: Any,
    options: Options,
    *,
    observer: RunObserver | None = None,
    models: Mapping[Role, Backend] | None = None,
) -> _Prepared:
    """Check the pipeline, load the task and make the backends. Raises PipelineError, DataError or UsageError."""
    graph = load_graph(pipeline, params=options.params, patches=options.patches)
    require_prompt(graph)
    loaded = task_of(task, options.task)
    mark = fingerprint(loaded)
    limits = graph.limits.with_budgets(options.limits)
    loaded = loaded.with_dev() if "dev" in graph.inputs else loaded
    models = models or role_models(options, observer, limits, graph=graph, task=loaded)
    metric = {"metric": loaded.metric} if "metric" in options.task else {}
    named = task if isinstance(task, str) else loaded.name
    plain = options.model_copy(update={"task": {**options.task, **metric}})
    return _Prepared(graph, loaded, mark, limits, models, options.repeats, named, plain)


def _facts(graph: Graph, session: Session, limits: Limits) -> dict[str, Any]:
    """What is known of a run at its beginning, for the trace."""
    budgets = limits.model_dump(include={"calls", "tokens", "usd", "seconds"}, exclude_none=True)
    models = {role: model.name for role, model in session.models.items()}
    return {"pipeline": graph.name, "task": session.task.name, "seed": session.seed, "models": models, "limits": budgets}


async def _searched(graph: Graph, session: Session, budget: Budget, folder: Path) -> tuple[Prompt, SearchSummary, FinalScores]:
    """The best prompt that `graph` finds, the search, and the scores of this prompt beside those of the initial one.

    Raises what `inspect` refuses, and LimitReached when a limit is too small for a single score.
    """
    inspect(graph, session)
    session.trace.event("run", **_facts(graph, session, budget.limits))
    budget.reserve_final(*_final_needs(session.task, session.repeats))
    await budget.start()
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
    keep_task(graph, session, best, folder)
    if session.limits_hit and not (session.scored_prompts.has_scores or scores.test.best.n or budget.spent.calls):
        raise LimitReached(f"{session.limits_hit[0]}: nothing could be scored", hint="give the run a higher --limit")
    return best, search, scores


async def _plan_async(pipeline: str, task: Any, options: Options) -> Plan:
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
            return with_chain(found[0], graph, prepared.limits)
        except PromptwireError as error:
            return dry_run.plan().noting(f"the run will end with an error: {error.problem}")
        return with_chain(dry_run.plan(), graph, prepared.limits)


def _final_needs(task: Task, repeats: int) -> tuple[Mapping[Role, int], Mapping[Role, float]]:
    """Calls of each role that the held-out comparison needs, and about how many tokens each of them takes."""
    tokens = {part.role: sum(part.tokens() or ()) / (part.calls.most or 1) for part in report_cost_items(task)}
    return final_calls(task, repeats), tokens
