"""Binds a task to a pipeline without a model: data, metric, templates, and what the search needs of the splits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promptwire.bounds import Extent
from promptwire.errors import DataError, Location, PipelineError, Problem, UsageError
from promptwire.graph.steps import Graph
from promptwire.limits import Limits
from promptwire.planning.step_warnings import step_warnings
from promptwire.planning.warnings import BudgetNeeds, plan_warnings
from promptwire.running.incumbent import require_prompt
from promptwire.running.preflight import bind, require_fit
from promptwire.tasks.task import Task
from promptwire.templating.task_request import shows_nothing
from promptwire.trying.request import bounds_of, try_step
from promptwire.trying.steps import calling_step, steps_with_requests
from promptwire.values import Examples
from promptwire.values.notes import read_note

__all__ = ["Binding", "bind_task"]

_RENDERED = 500
"""Most examples that the task's template is rendered with."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A task bound to a pipeline."""

    problems: tuple[Problem, ...]
    """What a run would refuse, and warnings about what its examples can't show."""
    facts: tuple[str, ...]
    """Sizes of the splits, metric and template, and what else the task says, each in words."""


def bind_task(graph: Graph, task: Task) -> Binding:
    """Bind `task` to the inputs of `graph`, load its metrics and render every template with its examples."""
    task = task.with_dev() if "dev" in graph.inputs else task
    problems = [*_refused(graph, task)]
    if not problems:
        problems += [*_unfit(graph, task)]
    if not problems:
        problems += [*_template_problems(graph, task)]
    if not problems:
        problems += [*_warnings(graph, task)]
    return Binding(tuple(problems), _facts(graph, task))


def _refused(graph: Graph, task: Task) -> Iterator[Problem]:
    """What a run refuses before its first call."""
    for code, check in (
        ("task-prompt", lambda: require_prompt(graph)),
        ("task-input", lambda: bind(graph, task)),
        ("task-metric", task.load_watched),
    ):
        try:
            check()
        except (UsageError, DataError) as error:
            yield _problem(code, task, error.problem, error.hint)
    for path in steps_with_requests(graph):
        asking = calling_step(graph, path).asking
        try:
            if asking is not None and asking.metric is not None:
                task.load_metric(asking.metric)
        except UsageError as error:
            yield _problem("task-metric", task, f"{path}: {error.problem}", error.hint)


def _unfit(graph: Graph, task: Task) -> Iterator[Problem]:
    """The first step that needs values or accepted outputs which the task does not give."""
    try:
        require_fit(graph, task)
    except UsageError as error:
        yield _problem("task-metric", task, f"{error.where}: {error.problem}", error.hint)
    except PipelineError as error:
        yield from error.problems


def _template_problems(graph: Graph, task: Task) -> Iterator[Problem]:
    """Templates that can't be rendered with the examples of the task, which alone show the fields of an input."""
    template = task.load_template()
    if missing := shows_nothing(template.variables, task.placeholders):
        hint = "a task template reads `prompt` and `example` (or `input`)"
        yield _problem("task-template", task, f"the task template {template.name} {missing}", hint)
        return
    splits = (("train", task.train), ("dev", task.dev or Examples()), ("test", task.test))
    for split, examples in splits:
        for number, example in enumerate(examples.items[:_RENDERED], 1):
            found = task.form.problem(template, task.prompts.items[0], example)
            if found is not None:
                where = f"{found.message} (with example {number} of {split})"
                yield Problem("task-template", found.location, where, found.hint)
                return
    bounds = bounds_of(graph, task)
    for path in steps_with_requests(graph):
        try:
            try_step(graph, path, task, bounds_by_path=bounds)
        except PipelineError as error:
            yield from error.problems


def _warnings(graph: Graph, task: Task) -> Iterator[Problem]:
    """Warnings about the data, as a plan gives them."""
    sizes = {"seed": len(task.prompts), "train": len(task.train), "dev": len(task.dev or ())}
    inputs = {name: Extent.exactly(size) for name, size in sizes.items() if name in graph.inputs}
    for note in plan_warnings(graph, task, BudgetNeeds(Limits(), {}, inputs, cached=0, repeats=1)):
        yield _problem("task-data", task, read_note(note).text, "", warning=True)
    yield from step_warnings(graph, {**sizes, "dev": len(task.dev or task.train)})


def _facts(graph: Graph, task: Task) -> tuple[str, ...]:
    """What the task gives, in words."""
    own = "" if task.dev is None else f", dev {len(task.dev)}" if "dev" in graph.inputs else f", dev {len(task.dev)} (not used)"
    prompts = f"{len(task.prompts)} initial {'prompt' if len(task.prompts) == 1 else 'prompts'}"
    sizes = f"{prompts}; train {len(task.train)}{own}, test {len(task.test)} for the report"
    used = f"metric {task.metric}; template {task.load_template().name}"
    notes = [read_note(note) for note in task.notes]
    return (sizes, used, *(note.text for note in notes if note.severity == "info"))


def _problem(code: str, task: Task, message: str, hint: str, *, warning: bool = False) -> Problem:
    return Problem(code, Location("--task"), message, hint, warning)
