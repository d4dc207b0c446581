"""The request of one step as a model would get it, without a run and without a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from promptwire.backend import Request, Settings
from promptwire.bounds import Extent
from promptwire.errors import UsageError
from promptwire.graph.steps import CallStep, Graph, ModelCallSpec
from promptwire.metrics.metric import Metric
from promptwire.planning.call_bounds import CallBounds
from promptwire.planning.graph_walk import count_calls
from promptwire.running.answer_rows import task_labels
from promptwire.running.generation import request_for
from promptwire.running.kept_placeholders import told_of, writes_prompts
from promptwire.running.sampling import sampling
from promptwire.tasks.task import Task
from promptwire.templating.task_prompt import ASKED, asked_by
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import Template, load_template
from promptwire.trying.made_up import MARK, Maker
from promptwire.trying.reply import Read, describe, read_answer, read_generated, read_rendered
from promptwire.trying.steps import calling_step
from promptwire.trying.variables import Shown, add_slot
from promptwire.values.hashing import stream

__all__ = ["Tried", "bounds_of", "maker_for", "try_rubric", "try_scoring", "try_step"]

_UNKNOWN_TASK: Final = {"seed": 1, "train": 100, "dev": 100}
"""Sizes of the inputs of a pipeline where no task is given."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One request, what it was rendered with, and what would be read out of its reply."""

    step: str
    """Path of the step; empty for a template that no pipeline uses."""
    node: str
    """Node type of the step; empty without a step."""
    role: str
    """Role of the model that would get it; empty for a text that is itself the result."""
    template: str
    """Name of the template."""
    parts: tuple[tuple[str, str], ...]
    """Role and text of each message; for a text without a model its name and itself."""
    request: Request | None
    """The request; None without a model."""
    awaited: str
    """What is read out of a reply, in words."""
    real: tuple[str, ...] = ()
    """Variables with values of the task and the pipeline."""
    made_up: tuple[str, ...] = ()
    """Variables with values that only a run knows; here they are made up, wholly or in part."""
    notes: tuple[str, ...] = ()
    """What a run would do otherwise."""
    read: Read | None = None
    """What is read out of the given reply; None without one."""


def maker_for(task: Task | None, seed: int) -> Maker:
    """A maker of values with the examples of `task` in the order of `seed`."""
    examples = list(task.train.items) if task else []
    stream(seed, "try").shuffle(examples)
    return Maker(examples, task.prompts.items if task else ())


def bounds_of(graph: Graph, task: Task | None) -> Mapping[str, CallBounds]:
    """Sizes of what the steps of `graph` show, for `try_step`."""
    sizes = {name: Extent.exactly(_given_sizes(task).get(name, 1)) for name in graph.inputs}
    return count_calls(graph, sizes, reach_all=True)


def try_step(
    graph: Graph,
    path: str,
    task: Task | None,
    *,
    bounds_by_path: Mapping[str, CallBounds] | None = None,
    reply: str | None = None,
    seed: int = 0,
) -> tuple[Tried, ...]:
    """The requests of the step at `path`, with examples of `task` drawn by `seed`; `reply` is read as the model's.

    `bounds_by_path` is what `bounds_of` gives, for a caller that tries several steps.

    Raises UsageError for a path without a request, and PipelineError when the template can't be rendered.
    """
    step = calling_step(graph, path)
    bounds = (bounds_by_path or bounds_of(graph, task)).get(step.path)
    if bounds is None:
        raise UsageError(f"the loop around {path} has no element", hint="give its list an element: -p NAME=[...]")
    step = bounds.step
    asking, found = step.asking or ModelCallSpec(role="task"), []
    if step.type.slots is not None and step.template is not None:
        found.append(_generation(bounds, asking, task, maker_for(task, seed), reply))
    if step.type.scores and (asking.template or task):
        template = task.load_template(asking.template) if task else load_template(Path(asking.template or ""))
        metric = task.load_metric(asking.metric) if task else None
        found += try_scoring(template, task, bounds=bounds, metric=metric, reply=reply, seed=seed)
    if not found:
        raise UsageError(f"{path} scores with the template of a task, and no task is given", hint="name one: --task TASK")
    return tuple(found)


def _given_sizes(task: Task | None) -> Mapping[str, int]:
    """Sizes of the inputs of a pipeline."""
    if task is None:
        return _UNKNOWN_TASK
    return {"seed": len(task.prompts), "train": len(task.train), "dev": len(task.dev or task.train)}


def _own_template(step: CallStep) -> Template:
    return load_template(Path(step.template or ""), named=step.type.named, parse=step.parse)


def _generation(bounds: CallBounds, asking: ModelCallSpec, task: Task | None, maker: Maker, reply: str | None) -> Tried:
    """The request of a step that writes, or the text of one that renders without a model."""
    template, step = _own_template(bounds.step), bounds.step
    shown = Shown()
    shown.values[ASKED] = _asked(task)
    for name, annotation in (step.type.slots.model_fields if step.type.slots else {}).items():
        add_slot(shown, name, annotation.annotation, bounds, maker, template.variables)
    for name, kind in bounds.given.items():
        maker.made_up = False
        known = name in bounds.given_values
        value = bounds.given_values[name] if known else maker.value(kind or str, name, bounds.shown.get(name))
        shown.add(name, value, made_up=maker.made_up, read=template.variables)
    texts = template.texts(shown.values, lambda: stream(0, "try", step.path))
    shown.made_up += [f"companion {name}" for name in maker.companions] + [f"mark {name}" for name in maker.marks]
    facts = step.path, step.type.name, asking.role if step.asking else "", template.name
    made, parse, notes = (tuple(shown.real), tuple(shown.made_up)), template.front.parse, list[str]()
    if step.asking is None:
        own = [text for name, text in texts if not (name and step.type.named)]
        parts = tuple((name or "text", text) for name, text in texts)
        awaited = describe(parse).replace("reply", "text")
        return Tried(*facts, parts, None, awaited, *made, read=read_rendered("".join(own), parse) if own else None)
    rendered = template.rendered(texts)
    if task is not None and writes_prompts(step, bounds.params):
        rendered = told_of(task.placeholders, rendered)
    if bounds.converses:
        notes.append("it continues the conversation of its critique, whose messages go before this one")
    if rendered.suffix is not None:
        notes.append("a model that can't fill a gap gets the template named under `instead:`")
    request = request_for(rendered, sampling(asking, template, bounds.roles))
    read = None if reply is None else read_generated(reply, parse)
    return Tried(*facts, _parts(request), request, describe(parse), *made, tuple(notes), read)


def _parts(request: Request) -> tuple[tuple[str, str], ...]:
    """Role and text of each message, or the text to complete."""
    if request.messages:
        return tuple((message.role, message.content) for message in request.messages)
    return (("text to complete", f"{request.prompt}[gap]{request.suffix}" if request.suffix else request.prompt),)


def try_scoring(
    template: Template,
    task: Task | None,
    *,
    bounds: CallBounds | None = None,
    metric: Metric | None = None,
    reply: str | None = None,
    seed: int = 0,
) -> Iterator[Tried]:
    """The request that asks the task model, and the one that asks the judge of its answer where the metric has one."""
    maker = maker_for(task, seed)
    prompt, example = maker.prompt(0), maker.example()
    labels = task.labels if task else ()
    asking = bounds.step.asking if bounds and bounds.step.asking else ModelCallSpec(role="task")
    own = replace(asking, settings=asking.settings.over(task.settings if task else Settings()))
    settings = sampling(own, template, bounds.roles if bounds else {})
    form = task.form if task else TaskForm()
    request = request_for(form.render(template, prompt, example), settings)
    parse = (task.parse if task else None) or template.front.parse
    awaited, read = describe(parse), None if reply is None else read_generated(reply, parse)
    if metric is not None and task is not None:
        awaited, request = _measured(metric, request, awaited, labels, expected=example.output)
        named = task_labels(task, metric)
        read = None if reply is None else read_answer(reply, parse, metric, prompt=prompt, example=example, labels=named)
    names = (f"prompt {prompt.text!r}" if task and task.prompts.items else "prompt", "example")
    step, node = (bounds.step.path, bounds.step.type.name) if bounds else ("", "")
    real, made_up = (names, ()) if task else ((), names)
    yield Tried(step, node, own.role, template.name, _parts(request), request, awaited, real, made_up, read=read)
    if metric is not None and metric.needs == "judge" and task is not None and task.rubric:
        yield try_rubric(load_template(Path(task.rubric)), task, step=step, answer=read.answers if read else (), seed=seed)


def try_rubric(template: Template, task: Task | None, *, step: str = "", answer: tuple[str, ...] = (), seed: int = 0) -> Tried:
    """The request that asks the judge for the grade of an answer."""
    maker = maker_for(task, seed)
    prompt, example = maker.prompt(0), maker.example()
    said = answer[-1] if answer else MARK.format("answer 1")
    values = {"prompt": prompt, "input": example.input, "example": example, "answer": said, "outputs": example.outputs}
    request = request_for(template.render(values), sampling(ModelCallSpec(role="judge"), template, {}))
    real = ("prompt", "example") if task else ()
    made_up = () if answer else ("answer",)
    awaited = f"a grade in {describe(template.front.parse)}"
    return Tried(step, "", "judge", template.name, _parts(request), request, awaited, real, made_up)


def _measured(metric: Metric, request: Request, awaited: str, labels: tuple[str, ...], *, expected: str) -> tuple[str, Request]:
    """What the metric takes of a reply, and the request that it makes."""
    if metric.needs == "choice":
        return "the likeliest of the labels", Request("choose", request.messages, request.prompt, options=labels)
    if metric.needs == "logprob":
        taken = f"the log-probability of the expected output {expected!r}"
        return taken, Request("logprob", request.messages, request.prompt, options=(expected,))
    return f"{awaited}; the metric {metric.name!r} compares it with {expected!r}", request


def _asked(task: Task | None) -> Any:
    """The function `asked` of a template: the request to the task model with another prompt."""
    if task is None:
        return lambda prompt, example: MARK.format("request to the task model")
    return asked_by(task.load_template(), task.train.items[0], task.form)
