"""The one way in: run a pipeline on a task, and list what there is.

`run` is a thin synchronous door to `run_async`. A run checks all that can be checked before it spends anything: the graph, the
task, the metric against the data, and each model's ability to give what the steps will ask. Whatever happens then, the answers
that were paid for are in the cache before the error is raised.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from promptwire.backend import Backend
from promptwire.backends.factory import backend
from promptwire.errors import LimitReached, PromptwireError, RunError, UsageError
from promptwire.gateway.budget import Budget
from promptwire.gateway.idle_loop import run_loop
from promptwire.graph.steps import Graph
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.options import Options, runs_folder
from promptwire.planning.cost_items import judged, report_cost_items
from promptwire.planning.dry_run import ApproveCost, DryRun, NotApproved
from promptwire.planning.plan import Plan
from promptwire.results.provenance import Provenance, fingerprint
from promptwire.results.report import Calls, Comparison, Report
from promptwire.results.run_folder import keep_file, make_folder, working_folder
from promptwire.running.incumbent import compare_both, find_best, keep_and_compare, require_prompt, shortened
from promptwire.running.observer import RunObserver
from promptwire.running.preflight import inspect
from promptwire.running.session import Session
from promptwire.running.session_setup import open_session
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.task import Task, load_task
from promptwire.values import Prompt

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
    """What `run` with the same arguments would ask at most, and how much of it the cache holds.

    Nothing is asked, fetched or written. Raises what `run` would raise before its first call. Not for a running event loop.
    """
    _refuse_loop("plan", "asyncio.to_thread(promptwire.plan, ...)")
    return run_loop(_foresee(pipeline, task, options or Options()))


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
        graph, loaded, mark = _loaded(pipeline, task, options)
    limits = _limits(graph, options)
    budget = Budget(limits)
    models = models or _models(options, observer, limits)
    folder = make_folder(runs_folder(), f"{graph.name}-{loaded.name}-{options.seed}")
    foresight = DryRun(graph, loaded, models, limits) if approve else None
    watches = [each for each in (foresight, observer) if each]
    gate = foresight.gate(approve) if foresight and approve else None
    report: Report | None = None
    home = working / folder
    try:
        async with open_session(loaded, options, models, budget, watches=watches, gate=gate, folder=home) as session:
            with access_log.recording():
                inspect(graph, session)
                best, scores = await _searched(graph, session, budget, home)
            report = _report(graph, session, best=best, scores=scores, began=began, folder=folder)
            report = report.model_copy(update={"notes": (*report.notes, *await session.gateway.take_notes())})
            keep_file(home / "report.json", report.to_json(indent=2) + "\n")
            origin = Provenance.of(pipeline, task, options, models=models, access_log=access_log, mark=mark, working=working)
            keep_file(home / "run.json", origin.text())
    except NotApproved:
        shutil.rmtree(home, ignore_errors=True)
        raise
    except RunError as error:
        if report is None:
            raise
        report = report.noting(f"warning: the run folder is not whole: {error.problem}")
    return report


def _loaded(pipeline: str, task: str, options: Options) -> tuple[Graph, Task, str]:
    """The checked pipeline, the task as the pipeline needs it, and the fingerprint of the task as it is written."""
    graph = load_graph(pipeline, params=options.params, patches=options.patches)
    require_prompt(graph)
    loaded = load_task(task, options.task)
    mark = fingerprint(loaded)
    return graph, loaded.with_dev() if "dev" in graph.inputs else loaded, mark


async def _searched(
    graph: Graph, session: Session, budget: Budget, folder: Path
) -> tuple[Prompt, tuple[Comparison, Comparison]]:
    """The best prompt that `graph` finds, and its scores beside those of the initial one.

    Raises LimitReached when a limit is too small for a single score.
    """
    budget.reserve_final(*_kept_back(session.task))
    best = await find_best(graph, session)
    budget.release()
    scores = await keep_and_compare(graph, best, session, folder)
    if session.limits_hit and not (session.leaderboard.scored or scores[0].best.n or budget.spent.calls):
        raise LimitReached(f"{session.limits_hit[0]}: nothing could be scored", hint="give the run a higher --limit")
    return best, scores


async def _foresee(pipeline: str, task: str, options: Options) -> Plan:
    """The plan of a run: it is begun without a folder, and ends where it would have to ask."""
    graph, loaded, _ = _loaded(pipeline, task, options)
    limits = _limits(graph, options)
    models = _models(options, None, limits)
    foresight = DryRun(graph, loaded, models, limits)
    found: list[Plan] = []

    def stop(plan: Plan) -> None:
        found.append(plan)
        raise NotApproved("this was only a plan")

    gate = foresight.gate(stop)
    async with open_session(loaded, options, models, Budget(limits), watches=[foresight], gate=gate) as session:
        inspect(graph, session)
        try:
            await compare_both(graph, await find_best(graph, session), session)
        except NotApproved:
            return found[0]
        except PromptwireError as error:
            return foresight.plan().noting(f"the run will end with an error: {error.problem}")
        return foresight.plan()


def _models(options: Options, observer: RunObserver | None, limits: Limits) -> dict[Role, Backend]:
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
                name,
                api_base=api_base,
                parallel=parallel[name, api_base],
                timeout=options.timeout,
                role=role,
                say=observer.say if observer else None,
            )
        found[role] = made[name, api_base]
    return found


def _limits(graph: Graph, options: Options) -> Limits:
    """The pipeline's limits with those of the command line in their place."""
    return graph.limits.with_budgets(options.limits)


def _kept_back(task: Task) -> tuple[Mapping[Role, int], Mapping[Role, float]]:
    """Calls of each role that the held-out comparison needs, and about how many tokens each of them takes."""
    pairs = 2 * len(task.test)
    tokens = {part.role: sum(part.tokens() or ()) / (part.calls.most or 1) for part in report_cost_items(task)}
    return ({"task": pairs, "judge": pairs} if judged(task) else {"task": pairs}), tokens


def _without(session: Session) -> Iterator[str]:
    """What models refused, so that their own defaults decided."""
    for model, names in sorted(session.gateway.usage.refused.items()):
        yield f"warning: {model} refuses {'; '.join(sorted(names))}: requests went without, and the model's own defaults hold"


def _report(
    graph: Graph,
    session: Session,
    *,
    best: Prompt,
    scores: tuple[Comparison, Comparison],
    began: float,
    folder: Path,
) -> Report:
    total = session.gateway.usage.total
    counts: dict[str, dict[str, int]] = {}
    for (path, what), n in sorted(session.counts.items()):
        counts.setdefault(path, {})[what] = n
    return Report(
        pipeline=graph.name,
        task=session.task.name,
        metric=session.task.metric,
        models={role: model.name for role, model in session.models.items()},
        seed=session.seed,
        prompt=best.text,
        demos=best.demos,
        initial_prompt=session.task.prompts.items[0].text,
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
        notes=(
            *session.task.notes,
            *session.notes,
            *shortened(session, *scores),
            *session.truncations.notes(),
            *_without(session),
            *(f"{path}: unreadable, for one: {said[:80]!r}" for path, said in sorted(session.unread.items())),
            *(
                f"warning: {path}: the judge gave no grade even when asked again, for one: {said[:80]!r}; mend the rubric"
                for path, said in sorted(session.verdicts.items())
            ),
        ),
        run=str(folder),
    )
