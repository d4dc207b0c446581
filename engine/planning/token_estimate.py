"""Token estimates of requests: each step's template, rendered with stand-in values.

A stand-in is a real example of the task where there is one. Prompts and critiques that models are yet to write have the usual
length stated here; a prompt is as long as the task's own if that is longer. Replies are as long as their `max_tokens` allows,
so that a price is too high rather than too low. Tokens are counted by a rule of thumb, because a tokenizer would have to be
downloaded.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, Final

from promptwire.bounds import Extent
from promptwire.errors import PromptwireError
from promptwire.graph.steps import ModelCallSpec
from promptwire.planning.call_bounds import CallBounds
from promptwire.running.kept_placeholders import told_of, writes_prompts
from promptwire.running.preference import pair_values
from promptwire.running.sampling import sampling
from promptwire.tasks.task import Task
from promptwire.templating.sample_values import AnyName, is_setting, sample
from promptwire.templating.task_prompt import ASKED, asked_by
from promptwire.templating.template import Rendered, load_template
from promptwire.values import Critique, Entry, Example, Failure, FailureGroup, Model, Prompt

__all__ = ["REPLY", "Length", "judging", "judging_pairs", "scoring", "writing"]

LETTERS_A_TOKEN: Final = 4
"""Letters of one token: a rule of thumb for English."""
READ: Final = 50
"""Largest number of examples whose rendered length is averaged."""
REPLY: Final = 200
"""Tokens of a reply without `max_tokens`."""
PROMPT: Final = 60
"""Tokens of a prompt that is yet to be written."""
CRITIQUE: Final = 150
"""Tokens of a critique."""
MANY: Final = 2000
"""Largest number of elements of a set that are rendered."""
_WORD: Final = "word"


@dataclass(frozen=True, slots=True)
class Length:
    """Estimated tokens of one request and its reply."""

    read: float
    """Tokens that the model reads."""
    written: float
    """Tokens that the model writes."""


def scoring(bounds: CallBounds | None, task: Task) -> Length | None:
    """Length of scoring one prompt on one example. Without a step: in the held-out comparison."""
    asking = (bounds.step.asking if bounds else None) or ModelCallSpec(role="task")
    template, form = task.load_template(asking.template), task.form
    shown = task.train.items[:READ] or task.test.items[:READ]
    if not shown:
        return None
    prompt = _prompt(task)
    read = sum(_tokens(form.render(template, prompt, example)) for example in shown) / len(shown)
    needs = task.load_metric(asking.metric).needs
    if needs in ("choice", "logprob"):
        return Length(read, 1)
    own = replace(asking, settings=asking.settings.over(task.settings))
    return Length(read, sampling(own, template, bounds.roles if bounds else {}).max_tokens or REPLY)


def judging(task: Task, bounds: CallBounds | None) -> Length | None:
    """Length of grading one answer by the judge."""
    rubric = load_template(Path(task.rubric or ""))
    shown = task.train.items[:READ] or task.test.items[:READ]
    if not shown:
        return None
    prompt, answer = _prompt(task), _WORD * REPLY
    values = [{"prompt": prompt, "input": one.input, "example": one, "answer": answer, "outputs": one.outputs} for one in shown]
    read = sum(_tokens(rubric.render(each)) for each in values) / len(values)
    return Length(read, sampling(ModelCallSpec(role="judge"), rubric, bounds.roles if bounds else {}).max_tokens or REPLY)


def judging_pairs(task: Task) -> Length | None:
    """Length of comparing the answers of two prompts to one example."""
    rubric, answer = load_template(Path(task.rubric or "")), _WORD * REPLY
    shown = task.train.items[:READ] or task.test.items[:READ]
    if not shown:
        return None
    read = sum(_tokens(rubric.render(pair_values(task, one, answer, answer))) for one in shown) / len(shown)
    return Length(read, sampling(ModelCallSpec(role="judge"), rubric, {}).max_tokens or REPLY)


def writing(bounds: CallBounds, task: Task) -> Length | None:
    """Length of one generation request of a step; None when the size of its variables is unknown."""
    step, asking = bounds.step, bounds.step.asking
    if step.type.slots is None or asking is None or asking.template is None or not task.train.items:
        return None
    if any(math.isinf(size.most) for size in bounds.shown.values()):
        return None
    template = load_template(Path(asking.template))
    fields = {name: field.annotation for name, field in step.type.slots.model_fields.items()}
    stand_ins = _StandIns(task, bounds)
    values = {name: stand_ins.slot(name, kind) for name, kind in {**fields, **bounds.given}.items()}
    values[ASKED] = asked_by(task.load_template(), task.train.items[0], task.form)
    try:
        rendered = template.render(values, lambda: Random(0))
        read = _tokens(told_of(task.placeholders, rendered) if writes_prompts(step, bounds.params) else rendered)
    except PromptwireError:
        return None
    return Length(read, sampling(asking, template, bounds.roles).max_tokens or REPLY)


@dataclass(frozen=True, slots=True)
class _StandIns:
    """Stand-in values of the right type and a likely length."""

    task: Task
    bounds: CallBounds

    def slot(self, name: str, annotation: Any) -> Any:
        """Stand-in for the template variable `name`."""
        params = self.bounds.params
        if is_setting(annotation):
            return (
                getattr(params, name, None) if params is not None and name in type(params).model_fields else sample(annotation)
            )
        size = self._size(name)
        if size is None and name in self.bounds.step.type.inputs.model_fields:
            size = Extent.exactly(0)  # an input without a wire
        optional = type(None) in typing.get_args(annotation)
        if optional and size is not None and not size.most:
            return None
        return self.value(annotation, int(min(self._many(size), MANY)))

    def _size(self, name: str) -> Extent | None:
        return self.bounds.shown.get(name)

    def _many(self, size: Extent | None) -> float:
        """Elements of a slot: those of the input of that name, else those inside one element of an input."""
        return size.most if size is not None else max((shown.inside for shown in self.bounds.shown.values()), default=1)

    def value(self, annotation: Any, many: int) -> Any:
        """Stand-in of a type, with `many` elements if the type has elements."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return self.value(next(kind for kind in arguments if kind is not type(None)), many)
        if annotation is Example:
            return self.task.train.items[0]
        if origin in (tuple, list):
            return self._several(arguments[0], many)
        if isinstance(annotation, type) and issubclass(annotation, Model):
            return self._one(annotation, many)
        return _WORD * PROMPT if annotation is str else sample(annotation)

    def _several(self, kind: Any, many: int) -> tuple[Any, ...]:
        examples = islice(cycle(self.task.train.items), many)
        if kind is Example:
            return tuple(examples)
        if kind is Failure:
            return tuple(_failed(example) for example in examples)
        return (self.value(kind, 1),) * many

    def _one(self, kind: type[Model], many: int) -> Any:
        # A template may read any companion; model_copy, because only a stand-in can have all of them.
        prompt = _prompt(self.task).model_copy(update={"companions": AnyName(lambda _: _WORD * PROMPT)})
        cases = (_failed(self.task.train.items[0]),)
        known: Mapping[type[Model], Any] = {
            Prompt: prompt,
            Critique: Critique(text=_WORD * CRITIQUE, prompt=prompt, cases=cases),
            Entry: Entry(prompt=prompt, score=0.5, n=10),
            Failure: cases[0],
            FailureGroup: FailureGroup(prompt=prompt, cases=cases),
        }
        if kind in known:
            return known[kind]
        parts = {name: self.value(field.annotation, many) for name, field in kind.model_fields.items()}
        return kind.model_construct(**parts)


def _prompt(task: Task) -> Prompt:
    """The task's prompt, padded to the usual length of a prompt when it is shorter."""
    first = task.prompts.items[0] if len(task.prompts) else Prompt(text="")
    lacking = PROMPT * LETTERS_A_TOKEN - len(first.text)
    return first if lacking <= 0 else first.model_copy(update={"text": first.text + " " + _WORD * (lacking // LETTERS_A_TOKEN)})


def _failed(example: Example) -> Failure:
    return Failure(example=example, output=example.output, answer=example.output, value=0.0)


def _tokens(rendered: Rendered) -> float:
    texts: Sequence[str] = (rendered.prompt, rendered.suffix or "", *(message.content for message in rendered.messages))
    return sum(map(len, texts)) / LETTERS_A_TOKEN
