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
from promptwire.node import Role
from promptwire.options import Options, runs_folder
from promptwire.planning.chain import with_chain
from promptwire.planning.cost_items import final_calls, report_cost_items
from promptwire.planning.dry_run import ApproveCost, NotApproved
from promptwire.planning.plan import Plan
from promptwire.prepared import Prepared, prepare
from promptwire.results.report import Report, SearchSummary
from promptwire.results.run_folder import keep_file, make_folder, working_folder
from promptwire.results.run_state import recorded_state
from promptwire.running.final_report import make_report, summarize
from promptwire.running.incumbent import FinalScores, compare_both, find_best, keep_and_compare, keep_so_far
from promptwire.running.live_progress import LiveProgress, shown
from promptwire.running.observer import RunObserver
from promptwire.running.preflight import inspect
from promptwire.running.run_facts import run_facts
from promptwire.running.session import Session
from promptwire.running.session_setup import open_session
from promptwire.running.task_recording import keep_task
from promptwire.security.access_log import FileAccessLog
from promptwire.sinks.addresses import make_sinks
from promptwire.sinks.run_sinks import sending
from promptwire.sinks.sink import Sink
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
    sinks: str | Sink | Sequence[str | Sink] = (),
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores; see `run_async`.

    Inside a running event loop, such as a notebook's, it works in a thread and blocks that loop until it ends; a server awaits
    `run_async` instead.
    """
    told: dict[str, Any] = {"prompt": prompt, "metric": metric, "progress": progress, "sinks": sinks}
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
    sinks: str | Sink | Sequence[str | Sink] = (),
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores.

    `pipeline` is a shipped name or a file. `task` is what `promptwire.load_task` or `promptwire.make_task` takes. `prompt` and
    `metric`, which may be a function of an answer and its accepted outputs, replace those of the task. `progress` shows in a
    notebook or on standard error where the run is. `approve` gets the plan before the first new call, and may refuse. `models`
    replace those of the options. `access_log` sees, and may forbid, what files are opened. `shared` is the sweep's budget.
    `sinks` get the run while it works: `mlflow[:URI]`, `otel[:ENDPOINT]` or a `Sink`. What they lack at its end is a note of
    the report.

    Raises PipelineError, DataError, UsageError or NotStarted before anything is spent; ModelError, LimitReached, CacheError,
    ReplyError or NodeError while running: all answers are then in the cache.
    """
    access_log, working = access_log or FileAccessLog(), working_folder()
    began, made = time.monotonic(), make_sinks(sinks)
    observer = LiveProgress(observer) if progress else observer
    with access_log.recording():
        prepared = prepare(pipeline, task, _told(options, prompt, metric), observer=observer, models=models)
    name = f"{prepared.graph.name}-{prepared.task.name}-{prepared.options.seed}"
    folder = make_folder(runs_folder(), name)
    observers, gate = prepared.observed(observer, approve)
    say = observer.say if observer is not None else lambda text: None
    sent = sending(made, working / folder, may_begin=lambda: gate is None or gate.open, say=say)
    async with sent as unsent:
        with shown(observer), fewer_collections():
            run = _Run(pipeline, prepared, folder, working, access_log, observers, gate, began)
            report = await run.report(Budget(prepared.limits, shared=shared))
    return report.noting(*map(warning, unsent))


@dataclass(frozen=True, slots=True)
class _Run:
    """One run whose folder was made."""

    pipeline: str
    """The pipeline as it was named."""
    prepared: Prepared
    """What was checked and loaded."""
    folder: Path
    """The run folder."""
    working: Path
    """The working folder at the beginning."""
    access_log: FileAccessLog
    """Log of the files that are opened."""
    observers: Sequence[RunObserver]
    """What receives the events."""
    gate: ApprovalGate | None
    """What asks before the first new call; None where nothing asks."""
    began: float
    """Time of the monotonic clock at the beginning."""

    async def report(self, budget: Budget) -> Report:
        """Run it and return its report. The folder of a run that was refused before its first call is removed."""
        prepared, home = self.prepared, self.working / self.folder
        graph, task, models = prepared.graph, prepared.task, prepared.models
        report: Report | None = None
        try:
            with recorded_state(home, prepared.started(self.pipeline)):
                how: dict[str, Any] = {"observers": self.observers, "approval": self.gate, "folder": home}
                async with open_session(task, prepared.options, models, budget, **how) as session:
                    with self.access_log.recording():
                        best, search, scores = await _searched(graph, session, budget, home)
                    parts: dict[str, Any] = {"best": best, "search": search, "scores": scores}
                    report = make_report(graph, session, **parts, began=self.began, folder=self.folder)
                    report = report.noting(*await session.gateway.take_notes())
                    keep_file(home / "report.json", report.to_json(indent=2) + "\n")
                    keep_file(home / "run.json", prepared.origin(self.pipeline, self.access_log, self.working).text())
        except (NotApproved, NotStarted):
            shutil.rmtree(home, ignore_errors=True)
            raise
        except RunError as error:
            if report is None:
                raise
            report = report.noting(warning(f"the run folder is not whole: {error.problem}"))
        return report


async def _searched(graph: Graph, session: Session, budget: Budget, folder: Path) -> tuple[Prompt, SearchSummary, FinalScores]:
    """The best prompt that `graph` finds, the search, and the scores of this prompt beside those of the initial one.

    Raises what `inspect` refuses, and LimitReached when a limit is too small for a single score.
    """
    inspect(graph, session)
    session.trace.event("run", **run_facts(graph, session, budget.limits))
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
    prepared = prepare(pipeline, task, options)
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
