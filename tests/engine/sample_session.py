"""A small world for engine tests: a session around a scripted model, a task of numbers, and nodes that count."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptwire.backends.scripted import ScriptedBackend
from promptwire.documents import resources
from promptwire.errors import Location
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.graph.steps import CallStep, Graph, ModelCallSpec, Step, Wire
from promptwire.limits import Limits
from promptwire.node import Context, NodeType, node
from promptwire.running.session import Session
from promptwire.tasks.task import Task
from promptwire.values import Example, Examples, Model, Prompt, Prompts

PLACE = Location("test.yaml", 1, 1)


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
    name: str, kind: NodeType, wires: Mapping[str, Wire], *needs: str, asking: ModelCallSpec | None = None, **params: Any
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
        "template": str(resources.template_path("task/chat.j2")),
        "metric": "exact",
        "rubric": None,
        "labels": (),
        "settings": {},
        "parse": None,
    }
    return Task.model_validate({**fields, **changes})


def session(model: ScriptedBackend, *, limits: Limits | None = None, folder: Path | None = None, **rest: Any) -> Session:
    """A session in which `model` plays every role."""
    trace = Trace(folder)
    gateway = Gateway(cache=None, budget=Budget(limits), trace=trace, retry=RetryPolicy(tries=1))
    models = {"task": model, "meta": model, "judge": model}
    return Session(rest.pop("task", None) or task(), models, gateway, trace, **rest)  # type: ignore[arg-type]
