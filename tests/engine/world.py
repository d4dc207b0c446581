"""A small world for engine tests: a session around a scripted model, a task of numbers, and nodes that count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptwire.calls.budget import Budget
from promptwire.calls.gateway import Gateway
from promptwire.calls.retrying import Retry
from promptwire.calls.trace import Trace
from promptwire.documents import shipped
from promptwire.errors import Place
from promptwire.models.scripted import Scripted
from promptwire.node import Context, NodeType, node
from promptwire.running.session import Session
from promptwire.steps import Asking, CallStep, Graph, Limits, Step, Wire
from promptwire.task import Task
from promptwire.values import Example, Examples, Model, Prompt, Prompts

PLACE = Place("test.yaml", 1, 1)


class Number(Model):
    """One number."""

    value: int = 0
    """The number."""


class Pair(Model):
    """Two numbers to add."""

    left: int = 0
    """One."""
    right: int = 0
    """The other."""


class Nothing(Model):
    """No params."""


@node()
async def add(inputs: Pair, params: Nothing, context: Context) -> Number:
    """Add two numbers."""
    return Number(value=inputs.left + inputs.right)


class Truth(Model):
    """Yes or no."""

    value: bool
    """Which."""


class Bound(Model):
    """A bound."""

    bound: int = 0
    """The bound."""


@node()
async def reached(inputs: Number, params: Bound, context: Context) -> Truth:
    """Whether a number is as large as the bound."""
    return Truth(value=inputs.value >= params.bound)


class Drawn(Model):
    """A drawn number."""

    value: float
    """The number."""


@node()
async def draw(inputs: Number, params: Nothing, context: Context) -> Drawn:
    """Draw a number."""
    return Drawn(value=context.rng("x").random())


def call(
    name: str, kind: NodeType, wires: Mapping[str, Wire], *needs: str, asking: Asking | None = None, **params: Any
) -> Step:
    """A call step."""
    return CallStep(name, name, PLACE, frozenset(needs), type=kind, wires=dict(wires), params=params, asking=asking)


def graph(*steps: Step, outputs: Mapping[str, Wire], types: Mapping[str, type], **rest: Any) -> Graph:
    """A graph of `steps`."""
    named = {step.name: step for step in steps}
    return Graph("test", "", rest.pop("inputs", {}), rest.pop("params", {}), named, dict(outputs), dict(types), **rest)


def task(**changes: Any) -> Task:
    """A task whose right answer is the input."""
    examples = Examples.of(Example(input=f"x{number}", outputs=(f"x{number}",)) for number in range(6))
    fields: dict[str, Any] = {
        "name": "numbers",
        "doc": "",
        "prompts": Prompts.of([Prompt(text="start")]),
        "train": examples,
        "dev": None,
        "test": examples,
        "template": str(shipped.template_path("task/chat.j2")),
        "metric": "exact",
        "rubric": None,
        "labels": (),
        "settings": {},
        "parse": None,
    }
    return Task.model_validate({**fields, **changes})


def session(model: Scripted, *, limits: Limits | None = None, folder: Path | None = None, **rest: Any) -> Session:
    """A session in which `model` plays every role."""
    trace = Trace(folder)
    gateway = Gateway(cache=None, budget=Budget(limits), trace=trace, retry=Retry(tries=1))
    models = {"task": model, "meta": model, "judge": model}
    return Session(rest.pop("task", None) or task(), models, gateway, trace, **rest)  # type: ignore[arg-type]
