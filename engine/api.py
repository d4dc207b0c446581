"""The one way in: run a pipeline on a task, and list what there is.

`run` is a thin synchronous door to `run_async`. A run checks all that can be checked before it spends anything: the graph, the
task, the metric against the data, and each model's ability to give what the steps will ask. Whatever happens then, the answers
that were paid for are in the cache before the error is raised.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from promptwire.calls.budget import Budget
from promptwire.calls.quiet import run_quietly
from promptwire.documents.witness import Witness
from promptwire.errors import PromptwireError, UsageError
from promptwire.language.check import load_graph
from promptwire.models.catalogue import backend
from promptwire.node import Role
from promptwire.options import Options, runs_folder
from promptwire.planning.foresight import Consent, Declined, Foresight
from promptwire.planning.parts import judged
from promptwire.planning.plan import Plan
from promptwire.request import Backend
from promptwire.running.opening import Watch, open_session
from promptwire.running.origin import Origin, fingerprint
from promptwire.running.preflight import bind, inspect
from promptwire.running.record import make_folder, write_file
from promptwire.running.report import TRAIN_SHOWN, Calls, Comparison, Report, compare
from promptwire.running.scheduler import run_graph
from promptwire.running.session import Session
from promptwire.steps import Graph, Limits
from promptwire.task import Task, load_task
from promptwire.values import Examples, Prompt, Prompts

__all__ = ["Watch", "plan", "run", "run_async"]


def run(
    pipeline: str,
    task: str,
    options: Options | None = None,
    *,
    watch: Watch | None = None,
    consent: Consent | None = None,
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores; see `run_async`.

    Not for a running event loop: there, await `run_async`.
    """
    return run_quietly(run_async(pipeline, task, options, watch=watch, consent=consent))


def plan(pipeline: str, task: str, options: Options | None = None) -> Plan:
    """What `run` with the same arguments would ask at most, and how much of it the cache holds.

    Nothing is asked, fetched or written. Raises what `run` would raise before its first call. Not for a running event loop.
    """
    return run_quietly(_foresee(pipeline, task, options or Options()))


async def run_async(
    pipeline: str,
    task: str,
    options: Options | None = None,
    *,
    watch: Watch | None = None,
    consent: Consent | None = None,
    models: Mapping[Role, Backend] | None = None,
    witness: Witness | None = None,
) -> Report:
    """Optimize the prompt of `task` with `pipeline` and report held-out scores.

    `pipeline` is a shipped name or a file; `task` is what `promptwire.task.load_task` takes. `consent` is told what the run
    asks at most before its first call, and may refuse; nobody is told of a run that the cache holds. `models` go before those
    that the options name; `witness` sees, and may forbid, what files are opened.

    Raises PromptwireError: PipelineError, DataError and UsageError before anything is spent; ModelError, LimitReached,
    CacheError, ReplyError or NodeError while running, when all answers that came are in the cache.
    """
    options, witness, began = options or Options(), witness or Witness(), time.monotonic()
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
    folder = make_folder(runs_folder(), f"{graph.name}-{loaded.name}-{options.seed}")
    foresight = Foresight(graph, loaded, models, limits) if consent else None
    watches = [each for each in (foresight, watch) if each]
    gate = foresight.gate(consent) if foresight and consent else None
    try:
        async with open_session(loaded, options, models, budget, watches=watches, gate=gate, folder=folder) as session:
            with witness.watching():
                inspect(graph, session)
                budget.set_aside(aside)
                outputs = await run_graph(graph, bind(graph, loaded), session)
                budget.release()
                prompts, scores = await _compare(graph, outputs, session)
            report = _report(graph, session, prompts=prompts, scores=scores, began=began, folder=folder)
            write_file(folder / "report.json", report.to_json(indent=2) + "\n")
            origin = Origin.of(pipeline, task, options, models=models, witness=witness, mark=mark)
            write_file(folder / "run.json", origin.text())
    except Declined:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return report


async def _foresee(pipeline: str, task: str, options: Options) -> Plan:
    """The plan of a run: it is begun without a folder, and ends where it would have to ask."""
    graph = load_graph(pipeline, params=options.params, sets=options.patches)
    loaded = load_task(task, options.task)
    if "dev" in graph.inputs:
        loaded = loaded.with_dev()
    limits = _limits(graph, options)
    _kept_back(limits, loaded)
    models = _models(options, None, limits)
    foresight = Foresight(graph, loaded, models, limits)
    found: list[Plan] = []

    def stop(plan: Plan) -> None:
        found.append(plan)
        raise Declined("this was only a plan")

    gate = foresight.gate(stop)
    async with open_session(loaded, options, models, Budget(limits), watches=[foresight], gate=gate) as session:
        inspect(graph, session)
        try:
            await _compare(graph, await run_graph(graph, bind(graph, loaded), session), session)
        except Declined:
            return found[0]
        except PromptwireError as error:
            return foresight.plan().noting(f"the run will end with an error: {error.problem}")
        return foresight.plan()


async def _compare(
    graph: Graph, outputs: Mapping[str, Any], session: Session
) -> tuple[tuple[Prompt, Prompt], tuple[Comparison, Comparison]]:
    """The initial and the best prompt, and their scores on the test and on the train examples."""
    initial, best = session.task.prompts.items[0], _best(graph, outputs)
    test = await compare(session, initial, best, session.task.test, partial=session.anytime)
    train = await compare(session, initial, best, _shown(session.task), partial=True)
    return (initial, best), (test, train)


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
                name,
                api_base=api_base,
                parallel=parallel[name, api_base],
                timeout=options.timeout,
                role=role,
                say=watch.say if watch else None,
            )
        found[role] = made[name, api_base]
    return found


def _limits(graph: Graph, options: Options) -> Limits:
    """The pipeline's limits with those of the command line in their place."""
    whole = {name: int(value) if name in ("calls", "tokens") else value for name, value in options.limits.items()}
    return replace(graph.limits, **whole)  # type: ignore[arg-type]


def _kept_back(limits: Limits, task: Task) -> Mapping[Role, int]:
    """Calls of each role that the held-out comparison needs. Raises UsageError when the limit leaves none for the optimizer."""
    pairs = 2 * len(task.test)
    needed: dict[Role, int] = {"task": pairs}
    if judged(task):
        needed["judge"] = pairs
    calls = sum(needed.values())
    if limits.calls is not None and limits.calls <= calls:
        asked = ", each answer judged in one more" if "judge" in needed else ""
        raise UsageError(
            f"a limit of {limits.calls} calls leaves none to optimize with: the held-out comparison alone makes {calls}",
            hint=f"two prompts on {len(task.test)} test examples{asked}; give more calls, or a task with fewer test examples",
        )
    return needed


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


def _cut_short(session: Session, test: Comparison) -> Iterator[str]:
    """What to know of held-out scores on fewer examples than there are."""
    scored = min(test.initial.n, test.best.n)
    if session.limits_hit and scored < len(session.task.test):
        yield f"warning: the limit left time or money to score {scored} of {len(session.task.test)} held-out examples"


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
        notes=(
            *session.task.notes,
            *_cut_short(session, scores[0]),
            *(f"{path}: unreadable, for one: {said[:80]!r}" for path, said in sorted(session.unread.items())),
            *(
                f"warning: {path}: the judge gave no grade even when asked again, for one: {said[:80]!r}; mend the rubric"
                for path, said in sorted(session.verdicts.items())
            ),
        ),
        run=str(folder),
    )
