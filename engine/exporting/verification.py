"""Verification of an export: the held-out examples scored again through the exported form.

The requests are those that the written form makes. They go through the gateway with the run's model, settings, seed and cache,
so equal requests cost nothing. Answers are read and scored as in the run. An example that the other tool refuses, and one whose
call fails, is left out of the score.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from promptwire.errors import UsageError
from promptwire.exporting.call_bound import CallBound
from promptwire.exporting.exported import Exported
from promptwire.exporting.form_scorer import FormReader, FormScorer
from promptwire.exporting.recorded_task import recorded_metric, recorded_task
from promptwire.exporting.result import Export, Verification
from promptwire.exporting.run_models import run_models, same_model, with_run_models
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.budget import Budget
from promptwire.graph.steps import ModelCallSpec
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.options import Options
from promptwire.planning.dry_run import ApproveCost
from promptwire.results.report import LeftOut
from promptwire.running.evaluation import comparison
from promptwire.running.heldout import HeldOutScores, draw_examples
from promptwire.running.observer import RunObserver
from promptwire.running.session import Session
from promptwire.running.session_setup import open_session

__all__ = ["verify_async"]

_PATH: Final = "export"
"""Path of the calls in the usage."""
_NAMED: Final = 80
"""Characters of its input by which a left-out example is named."""


async def verify_async(
    made: Export, options: Options, *, approve: ApproveCost | None = None, observer: RunObserver | None = None
) -> Verification:
    """Score the held-out examples of the run through the export `made`, with the models of the run or those of `options`.

    `approve` gets the bound before the first new call. Raises UsageError for a run that has nothing to verify, and what a run
    raises while it scores.
    """
    source, where = made.source, str(made.source.run.folder)
    if not source.tests:
        raise UsageError("this run has no held-out rows, so there is no score to verify", where=where)
    refused = {one.example.id: one.refusal for one in made.requests.unequal if one.form is None}
    if len(refused) == len(source.tests):
        raise UsageError(f"the other tool sends none of the examples: {next(iter(refused.values()))}", where=where)
    whole = with_run_models(options, source)
    roles: tuple[Role, ...] = ("task", "judge") if recorded_metric(source).needs == "judge" else ("task",)
    models = run_models(whole, source, roles, options)
    bound = CallBound(made, models, _PATH)
    with tempfile.TemporaryDirectory(prefix="promptwire-") as folder:
        task = recorded_task(source, Path(folder))
        budget = Budget(Limits(**whole.limits))  # type: ignore[arg-type]
        gate = ApprovalGate(lambda: bound.decide(approve))
        observers = [observer] if observer else []
        async with open_session(task, whole, models, budget, observers=observers, approval=gate) as session:
            return await _verified(made, session, bound, refused)


async def _verified(made: Export, session: Session, bound: CallBound, refused: Mapping[str, str]) -> Verification:
    source, asking = made.source, ModelCallSpec(role="task", settings=made.source.record.settings)
    judge = {"judge": source.record.judge_settings}
    step = (session, _PATH, asking, judge, session.repeats)
    scorer = FormScorer(*step, exported=FormReader(made.form, made.reader))  # type: ignore[arg-type]
    tests = [example for example in draw_examples(session.task.test) if example.id not in refused]
    bound.look_up(scorer, tests)
    await session.gateway.budget.start()
    found = HeldOutScores(scorer, source.prompt, source.prompt)
    await found.score(tests, partial=False, forgiving=False)
    compared, usage = comparison(found), session.gateway.usage.total
    before = {row.id: source.side(row).value for row in source.rows}
    now = {mine.example: mine.value for mine, _ in found.pairs}
    changed = tuple((one, before[one], value) for one, value in now.items() if one in before and before[one] != value)
    return Verification(
        metric=source.record.metric,
        run=source.score,
        export=compared.best,
        model=session.models["task"].name,
        other_model=not same_model(session.models["task"], source),
        changed=changed,
        left_out=(*_refused(source, refused), *compared.left_out),
        new=usage.new,
        cached=usage.cached,
        usd=usage.usd,
    )


def _refused(source: Exported, refused: Mapping[str, str]) -> Iterator[LeftOut]:
    """Examples that the other tool refuses."""
    for example in source.tests:
        if example.id in refused:
            yield LeftOut(example=example.id, text=example.text[:_NAMED], why=refused[example.id])
