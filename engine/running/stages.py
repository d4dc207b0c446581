"""Run a stage: a pipeline that is called with limits. At a limit it ends with its best prompt so far, and the run goes on.

Loops of the stage end with their last complete round. A step outside loops that the limit stops gives nothing. An output that
needs it is then the best prompt that the stage has scored, or the prompts that the stage was given, or empty. A limit of the
run that is reached inside a stage ends the stage in the same way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from promptwire.errors import LimitReached
from promptwire.gateway.stage_budget import stages_around
from promptwire.graph.port_values import empty
from promptwire.graph.steps import Graph, PipeStep
from promptwire.limits import StageLimits
from promptwire.running.scope import Scope
from promptwire.running.scored_prompts import ScoredPrompts
from promptwire.running.session import Session
from promptwire.values import Example, Prompt, Prompts

__all__ = ["run_stage"]


async def run_stage(
    step: PipeStep,
    inner: Scope,
    session: Session,
    limits: Mapping[str, Any],
    *,
    before: Collection[str],
    run: Callable[[Session], Awaitable[None]],
) -> dict[str, Any]:
    """Run the stage `step`, whose inputs are in `inner`, and return its outputs by name.

    `before` are the paths of the steps that it waits for. `run` runs its graph in the session of the stage.
    """
    told = StageLimits.model_validate(limits)
    stage = session.gateway.budget.stage(step.path, told, around=session.stage, before=before)
    inside = replace(session, stage=stage, scored_prompts=ScoredPrompts(around=session.scored_prompts))
    hit = len(session.limits_hit)
    try:
        await run(inside)
    except LimitReached as limit:
        if not session.may_end(limit):
            raise
        session.trace.event("limit", path=step.path, round=inner.round, reason=limit.problem)
        inside.note_limit(limit, inner.round)
    outputs = {name: _output(step.graph, name, inner, inside) for name in step.graph.outputs}
    cut = any(one.closed for one in stages_around(stage)) or len(session.limits_hit) > hit
    return _with_best(outputs, inside) if cut else outputs


def _output(graph: Graph, name: str, inner: Scope, inside: Session) -> Any:
    """The output `name`, or what stands for it when the step that gives it was not run to its end."""
    kind = graph.types[name]
    try:
        return inner.value(graph.outputs[name], kind)
    except KeyError:
        best = inside.scored_prompts.best()
        given = Prompts.of([best] if best is not None else _given_prompts(graph, inner, inside))
        if kind is Prompts:
            return given
        if kind is Prompt:
            return given.items[0]
        return inside.task.train.items[0] if kind is Example else empty(kind)


def _given_prompts(graph: Graph, inner: Scope, inside: Session) -> list[Prompt]:
    """The prompts in the first input of the stage that holds some; the initial one when there is none."""
    for name, kind in graph.inputs.items():
        value = inner.given(name)
        if kind is Prompt and value is not None:
            return [value]
        if kind is Prompts and value:
            return list(value.items)
    return [inside.task.prompts.items[0]]


def _with_best(outputs: dict[str, Any], inside: Session) -> dict[str, Any]:
    """`outputs` of a stage that was cut short: a better prompt of the round that was cut stands before the one it chose."""
    for name, value in outputs.items():
        chosen = value if isinstance(value, Prompt) else value.items[0] if isinstance(value, Prompts) and value.items else None
        if chosen is None:
            continue
        better = inside.scored_prompts.after(chosen)
        if better.id == chosen.id:
            return outputs
        found = better if isinstance(value, Prompt) else Prompts.of([better, *value.items]).items[: len(value)]
        return {**outputs, name: found if isinstance(found, Prompt) else Prompts(items=found)}
    return outputs
