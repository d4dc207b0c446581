"""What can be refused before the first call: a model that can't give what a step will ask, a task that can't be scored.

A run that dies of this after an hour has paid for the hour. Every step is looked at, loops and sub-pipelines included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptwire.errors import Unsupported, UsageError
from promptwire.node import Role
from promptwire.request import Settings
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.steps import CallStep, EachStep, Graph, PipeStep, RepeatStep
from promptwire.task import Task
from promptwire.texts.templating import load
from promptwire.values import Examples, Prompts

__all__ = ["bind", "inspect"]

_NO_ROLES: Mapping[Role, Settings] = {}


def bind(graph: Graph, task: Task) -> dict[str, Any]:
    """The task's values for the inputs of `graph`, by name.

    Raises UsageError for an input that no task has, and for one of another type than the task's.
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
    """Raise Unsupported, UsageError or PipelineError for what is bound to fail later."""
    for step in _calls(graph):
        if step.asking is None:
            continue
        if step.type.scores:
            Scorer(session, step.path, step.asking, _NO_ROLES).require()
        if step.type.slots is not None and step.asking.template is not None:
            template = load(Path(step.asking.template))
            backend = session.models[step.asking.role]
            reason = backend.supports("generate", chat=template.front.mode == "chat")
            if reason:
                raise Unsupported(reason, where=f"{step.path} ({template.name})")


def _calls(graph: Graph) -> Iterator[CallStep]:
    for step in graph.steps.values():
        if isinstance(step, CallStep):
            yield step
        elif isinstance(step, RepeatStep | EachStep):
            yield from _calls(step.body)
        elif isinstance(step, PipeStep):
            yield from _calls(step.graph)
