"""Check models and task before the first call, so that no run fails late.

A model may lack what a step needs, or the task may not fit the metric. Found after an hour, such a fault would cost an hour's
calls. Every step is checked, including those in loops and sub-pipelines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from promptwire.backend import Settings
from promptwire.errors import Unsupported, UsageError
from promptwire.graph.steps import CallStep, EachStep, Graph, PipeStep, RepeatStep
from promptwire.node import Role
from promptwire.running.preference import pair_values
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.tasks.task import Task
from promptwire.templating.template import Template, load_template
from promptwire.values import Examples, Prompts, Scores

__all__ = ["Scoring", "bind", "inspect", "require_fit", "scoring", "within"]

_NO_ROLES: Mapping[Role, Settings] = {}


def bind(graph: Graph, task: Task) -> dict[str, Any]:
    """Return the task's values for the inputs of `graph`, by name.

    Raises UsageError for an input that no task has, and for an input of another type than the task's value.
    """
    offered: dict[str, Prompts | Examples | None] = {"seed": task.prompts, "train": task.train, "dev": task.dev}
    bound = {}
    for name, kind in graph.inputs.items():
        value = offered.get(name)
        if value is None and name in graph.optional:
            continue
        if value is None or not isinstance(value, kind):
            what = f"the input {name!r} of type {kind.__name__}"
            hint = "a task gives `seed` (Prompts), `train` and `dev` (Examples)"
            raise UsageError(f"the pipeline {graph.name!r} has {what}, which no task gives", hint=hint)
        bound[name] = value
    return bound


def inspect(graph: Graph, session: Session) -> None:
    """Raise Unsupported, UsageError or PipelineError for a step, or for the final comparison, that is certain to fail later."""
    session.task.load_watched()
    require_fit(graph, session.task)
    _require_judge(session)
    for step, _ in _calls(graph, _NO_ROLES):
        if step.asking is None:
            continue
        if step.type.scores:
            Scorer(session, step.path, step.asking, _NO_ROLES).require()
        for path in step.templates if step.type.slots is not None else ():
            template = load_template(Path(path))
            backend = session.models[step.asking.role]
            reason = backend.supports("generate", chat=template.front.mode == "chat")
            if reason:
                raise Unsupported(reason, where=f"{step.path} ({template.name})")


def require_fit(graph: Graph, task: Task) -> None:
    """Raise UsageError or PipelineError where `graph` needs values or accepted outputs that `task` does not give."""
    steps = [step for step, _ in _calls(graph, _NO_ROLES)]
    _require_values(steps, task)
    for step in steps:
        for path in step.templates if step.type.slots is not None else ():
            _require_outputs(step, load_template(Path(path)), task)
    if task.judges_pairs:
        load_template(Path(task.rubric or "")).render(pair_values(task, task.test.items[0], "", ""))


def _require_judge(session: Session) -> None:
    """Raise Unsupported for a judge of pairs that could not compare the answers of the report."""
    if session.task.judges_pairs:
        rubric = load_template(Path(session.task.rubric or ""))
        reason = session.models["judge"].supports("generate", chat=rubric.front.mode == "chat")
        if reason:
            raise Unsupported(reason, where=rubric.name)


def _require_outputs(step: CallStep, template: Template, task: Task) -> None:
    """Raise UsageError for a template that shows accepted outputs, when examples of the search have none."""
    examples = (*task.train.items, *(task.dev.items if task.dev else ()))
    lacking = sum(not example.outputs for example in examples)
    if lacking and template.needs_outputs:
        problem = f"the template {template.name} shows accepted outputs, and {lacking} of {len(examples)} examples have none"
        hint = "write {% if example.outputs %} around it, or use an optimizer that needs none, such as spo or gepa"
        raise UsageError(problem, where=step.path, hint=hint)


def _require_values(steps: Sequence[CallStep], task: Task) -> None:
    """Raise UsageError for a step that reads values of scores, when no metric gives any."""
    metrics = {step.asking.metric for step in steps if step.type.scores and step.asking is not None}
    if any(task.load_metric(metric).valued for metric in {None, *metrics}):
        return
    for step in steps:
        if step.type.values and (step.type.scores or _reads(step, Scores)):
            problem = f"{step.type.name} compares values, and the metric {task.metric!r} gives none"
            raise UsageError(problem, where=step.path, hint="give the task a metric, or compare answers with the node duel")


@dataclass(frozen=True, slots=True)
class Scoring:
    """Sampling settings that the steps of a pipeline score with."""

    settings: Settings = field(default_factory=Settings)
    """Settings of the steps themselves."""
    roles: Mapping[Role, Settings] = field(default_factory=dict)
    """Settings of the pipelines around them, by role."""


def scoring(graph: Graph) -> Scoring | None:
    """Settings with which `graph` scores by the task's own template, for use in the report.

    Without such a step they are those of the pipeline's `models:`. None when two steps differ.
    """
    found: list[Scoring] = []
    for step, roles in _calls(graph, graph.models):
        asking = step.asking
        if not step.type.scores or asking is None or asking.role != "task" or asking.template or not _reads(step, Examples):
            continue
        said: dict[Role, Settings] = {role: said for role, said in roles.items() if role != "meta" and said != Settings()}
        here = Scoring(asking.settings, said)
        if here not in found:
            found.append(here)
    return Scoring(roles=graph.models) if not found else found[0] if len(found) == 1 else None


def _reads(step: CallStep, kind: type) -> bool:
    """Whether an input of `step` that holds values of the type `kind` is wired. A step without examples scores nothing."""
    return any(step.inputs.get(port) is kind for port in step.wires)


def _calls(graph: Graph, roles: Mapping[Role, Settings]) -> Iterator[tuple[CallStep, Mapping[Role, Settings]]]:
    """Each node in `graph`, with the settings by role of the pipelines around it."""
    for step in graph.steps.values():
        if isinstance(step, CallStep):
            yield step, roles
        elif isinstance(step, RepeatStep | EachStep):
            yield from _calls(step.body, roles)
        elif isinstance(step, PipeStep):
            yield from _calls(step.graph, within(step.graph, roles))


def within(graph: Graph, roles: Mapping[Role, Settings], params: Mapping[str, Any] | None = None) -> dict[Role, Settings]:
    """Settings by role inside `graph`, when it is a node of a pipeline with the settings `roles` and gets `params`."""
    silent, models = Settings(), graph.models if params is None else graph.models_with(params)
    return {role: models.get(role, silent).over(roles.get(role, silent)) for role in get_args(Role)}
