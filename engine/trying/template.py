"""The request of a template that is named without a step."""

from __future__ import annotations

from pathlib import Path

from promptwire.errors import UsageError
from promptwire.tasks.task import Task
from promptwire.templating.task_prompt import TASK_SLOTS
from promptwire.templating.template import load_template
from promptwire.trying.request import Tried, try_rubric, try_scoring, try_step
from promptwire.trying.steps import user_of

__all__ = ["try_template"]

_RUBRIC = {"prompt", "input", "example", "answer", "outputs"}


def try_template(path: Path, task: Task | None, *, reply: str | None = None, seed: int = 0) -> tuple[Tried, ...]:
    """The requests of the template at `path`, as a step that uses it would render it.

    Without such a step it is a task's template or rubric, if it reads their variables only. Raises UsageError for any other.
    """
    template = load_template(path)
    used = user_of(path)
    if used is not None:
        return try_step(used[0], used[1].path, task, reply=reply, seed=seed)
    if template.variables <= TASK_SLOTS.keys():
        metric = task.load_metric() if task else None
        return tuple(try_scoring(template, task, metric=metric, reply=reply, seed=seed))
    if template.variables <= _RUBRIC:
        return (try_rubric(template, task, seed=seed),)
    names = ", ".join(sorted(template.variables))
    hint = f"its variables ({names}) come from a step: promptwire try PIPELINE STEP"
    raise UsageError("no pipeline beside it, here or among the shipped ones uses this template", where=str(path), hint=hint)
