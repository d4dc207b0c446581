"""A graph as what a picture shows: boxes, boxes in boxes, and arrows with the port at each end.

Taken from the checked graph and not from the YAML, so a picture shows what would run. Every painter reads this alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptwire.graph.steps import CallStep, EachStep, Graph, LiteralValue, PipeStep, Ref, RefUnion, RepeatStep, Step, Wire

__all__ = ["Arrow", "Box", "sketch"]

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Box:
    """A step, an input or an output."""

    path: str
    """Its dotted path, which is its identity."""
    name: str
    """Its name in the file."""
    says: str
    """What it is: its node type, or how a loop runs."""
    kind: str
    """`input`, `output`, `call`, `loop`, `each`, `pipeline` or `state`."""
    inside: tuple[Box, ...] = ()
    """The boxes in it."""
    asks: str = ""
    """The role of the model that it asks, if it asks one."""
    gives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where in it each of its outputs comes from, by output; the first is the main one."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A value on its way from one box to another."""

    source: str
    """Path of the box that it comes from."""
    target: str
    """Path of the box that it goes to."""
    port: str = ""
    """The port that it comes to: an input, a key of `with:`, `start` or `next` of a state; empty where there is but one."""
    output: str = ""
    """The port that it comes from; empty for the main output."""
    back: bool = False
    """Whether it feeds the next round of a loop."""

    @property
    def label(self) -> str:
        """The ports at its ends, such as `scores → of`."""
        return " → ".join(part for part in (self.output, self.port) if part)


def sketch(graph: Graph) -> tuple[tuple[Box, ...], tuple[Arrow, ...]]:
    """The boxes and arrows of `graph`."""
    arrows: list[Arrow] = []
    ends = {name: name for name in graph.inputs}
    inputs = [Box(name, name, kind.__name__, "input") for name, kind in graph.inputs.items()]
    boxes = _boxes(graph, ends, arrows, graph.params)
    outputs = [Box(f"outputs.{name}", name, graph.types[name].__name__, "output") for name in graph.outputs]
    for name, wire in graph.outputs.items():
        _lead(wire, f"outputs.{name}", "", ends, arrows)
    return (*inputs, *boxes, *outputs), tuple(arrows)


def _boxes(graph: Graph, ends: dict[str, str], arrows: list[Arrow], params: Params) -> tuple[Box, ...]:
    """Boxes of the steps; `ends` learns where names come from, `params` are the values of the pipeline's params."""
    for step in graph.steps.values():
        ends[step.name] = step.path
        if isinstance(step, RepeatStep):
            ends |= {f"{step.name}.{state}": f"{step.path}.{state}" for state in step.carry}
    return tuple(_box(step, ends, arrows, params) for step in graph.steps.values())


def _box(step: Step, ends: Mapping[str, str], arrows: list[Arrow], params: Params) -> Box:
    if isinstance(step, RepeatStep):
        return _loop(step, ends, arrows, params)
    if isinstance(step, EachStep):
        state = f"{step.path}.{step.variable}"
        _lead(step.over, state, "", ends, arrows)
        inner = {**ends, step.variable: state}
        body = _boxes(step.body, inner, arrows, params)
        one = Box(state, step.variable, f"one {step.element.__name__}", "state")
        return Box(step.path, step.name, f"for each {step.variable}", "each", (one, *body), gives=_gives(step.body, inner))
    wires: Mapping[str, Wire] = {}
    if isinstance(step, CallStep):
        given = step.asking.given if step.asking else {}
        wires = {**{name.rstrip("_"): wire for name, wire in step.wires.items()}, **given}
        found = Box(step.path, step.name, step.type.name, "call", asks=_asks(step))
    elif isinstance(step, PipeStep):
        wires = step.wires
        found = _pipeline(step, arrows, params)
    else:
        raise TypeError(f"unknown step {step!r}")
    for port, wire in wires.items():
        target = f"{step.path}.{port}" if isinstance(step, PipeStep) else step.path
        _lead(wire, target, "" if isinstance(step, PipeStep) else port, ends, arrows)
    return found


def _asks(step: CallStep) -> str:
    """The role of the model that it asks; one that could score `on` examples and gets none only reads scores."""
    reads = "on" in step.type.inputs.model_fields and "on" not in step.wires
    return step.asking.role if step.asking and not reads else ""


def _loop(step: RepeatStep, ends: Mapping[str, str], arrows: list[Arrow], params: Params) -> Box:
    states = {name: f"{step.path}.{name}" for name in step.carry}
    inner = {**ends, **states}
    body = _boxes(step.body, inner, arrows, params)
    for name, carry in step.carry.items():
        if carry.start is not None:
            _lead(carry.start, states[name], "start", ends, arrows)
        _lead(carry.next, states[name], "next", inner, arrows, back=True)
    carried = tuple(Box(states[name], name, f"carried {carry.type.__name__}", "state") for name, carry in step.carry.items())
    return Box(step.path, step.name, _rounds(step, params), "loop", (*carried, *body))


def _pipeline(step: PipeStep, arrows: list[Arrow], params: Params) -> Box:
    """A pipeline used as a node, with its inputs as boxes of their own."""
    graph = step.graph
    given = {name: _known(wire, params) for name, wire in step.params.items()}
    ends = {name: f"{step.path}.{name}" for name in graph.inputs}
    inputs = [Box(ends[name], name, kind.__name__, "state") for name, kind in graph.inputs.items()]
    body = _boxes(graph, ends, arrows, {**graph.params, **given})
    return Box(step.path, step.name, graph.name, "pipeline", (*inputs, *body), gives=_gives(graph, ends))


def _gives(graph: Graph, ends: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(ends[ref.name] for ref in _refs(wire) if ref.name in ends) for name, wire in graph.outputs.items()}


def _rounds(step: RepeatStep, params: Params) -> str:
    turns = step.rounds.value if isinstance(step.rounds, LiteralValue) else str(step.rounds)
    known = _known(step.rounds, params)
    if isinstance(step.rounds, Ref) and known is not None:
        turns = f"{turns} = {known}"
    many = f"for {step.variable} in {turns}" if step.variable else f"repeat {turns}"
    return many + (f", until {step.until}" if step.until else "")


def _known(wire: Wire, params: Params) -> Any:
    """The value of a setting; None when only the run knows it."""
    if isinstance(wire, LiteralValue):
        return wire.value
    return params.get(wire.name) if isinstance(wire, Ref) and not wire.port else None


def _lead(wire: Wire, target: str, port: str, ends: Mapping[str, str], arrows: list[Arrow], *, back: bool = False) -> None:
    """Note the arrows of a wire; params and plain values have none."""
    for ref in _refs(wire):
        state = ends.get(f"{ref.name}.{ref.port}")
        source = state or ends.get(ref.name)
        if source is not None:
            arrows.append(Arrow(source, target, port, "" if state else ref.port or "", back))


def _refs(wire: Wire) -> Iterator[Ref]:
    if isinstance(wire, Ref):
        yield wire
    elif isinstance(wire, RefUnion):
        yield from wire.refs
