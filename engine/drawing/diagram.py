"""Diagram of a graph: nested boxes, and arrows with the port at each end.

It is made from the checked graph, so a drawing shows what would run. All output formats are made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from promptwire.drawing.details import details_of
from promptwire.graph.steps import CallStep, EachStep, Graph, LiteralValue, PipeStep, Ref, RefUnion, RepeatStep, Step, Wire
from promptwire.graph.wires import refs_of

__all__ = ["Arrow", "Box", "Diagram", "all_boxes", "make_diagram", "makers"]

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Box:
    """A step, a carried value, an input or an output."""

    path: str
    """Dotted path; it identifies the box."""
    name: str
    """Name in the file."""
    caption: str
    """Second line of the box: its node type, or how often a loop runs."""
    kind: str
    """`input`, `output`, `call`, `loop`, `each`, `pipeline`, `state` or `gate`: whether the frame around it is run."""
    children: tuple[Box, ...] = ()
    """Boxes in this box."""
    role: str = ""
    """Role of the model that the step calls; empty if it calls none."""
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Paths of the inner boxes that each output comes from. The main output is first."""
    details: tuple[str, ...] = ()
    """What decides what it does: its template, and the settings that the file gives."""
    note: str = ""
    """Further line of the box, such as what the step did in a run; may be empty."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A wire from one box to another."""

    source: str
    """Path of the box where it starts."""
    target: str
    """Path of the box where it ends."""
    port: str = ""
    """Port where it ends: an input, a key of `with:`, `start` or `next` of a carried value. Empty if the box has only one."""
    output: str = ""
    """Port where it starts; empty for the main output."""
    back: bool = False
    """Whether it feeds the next round of a loop."""
    ref: str = field(default="", compare=False)
    """The reference as it is written, such as `$search.log`."""

    @property
    def label(self) -> str:
        """The ports at both ends, such as `scores → of`."""
        return " → ".join(part for part in (self.output, self.port) if part)


Diagram = tuple[tuple[Box, ...], tuple[Arrow, ...]]


def all_boxes(boxes: Sequence[Box]) -> Iterator[Box]:
    """Every box, each followed by those in it."""
    for box in boxes:
        yield box
        yield from all_boxes(box.children)


def makers(path: str, output: str, by_path: Mapping[str, Box]) -> list[tuple[str, str]]:
    """The innermost boxes and ports that make the output of the box at `path`."""
    box = by_path[path]
    if not box.sources:
        return [(path, output)]
    ends = box.sources.get(output) or next(iter(box.sources.values()))
    return [inner for end in ends for inner in makers(end, "", by_path)]


def make_diagram(graph: Graph, notes: Mapping[str, str] | None = None) -> Diagram:
    """Make the boxes and arrows of `graph`. `notes` are further lines of boxes, by path."""
    arrows: list[Arrow] = []
    ends = {name: name for name in graph.inputs}
    inputs = [Box(name, name, kind.__name__, "input") for name, kind in graph.inputs.items()]
    boxes = _boxes(graph, ends, arrows, graph.params)
    outputs = [Box(f"outputs.{name}", name, graph.types[name].__name__, "output") for name in graph.outputs]
    for name, wire in graph.outputs.items():
        _add_arrows(wire, f"outputs.{name}", "", ends, arrows)
    return tuple(_noted(box, notes or {}) for box in (*inputs, *boxes, *outputs)), tuple(arrows)


def _noted(box: Box, notes: Mapping[str, str]) -> Box:
    """`box` and the boxes in it with their notes."""
    return replace(box, note=notes.get(box.path, ""), children=tuple(_noted(child, notes) for child in box.children))


def _boxes(graph: Graph, ends: dict[str, str], arrows: list[Arrow], params: Params) -> tuple[Box, ...]:
    """Make the boxes of the steps.

    `ends` maps a name to the path of its box and gets the steps' names. `params` are the values of the pipeline's params.
    """
    for step in graph.steps.values():
        ends[step.name] = step.path
        if isinstance(step, RepeatStep):
            ends |= {f"{step.name}.{state}": f"{step.path}.{state}" for state in step.carry}
    return tuple(_gated(step, _box(step, ends, arrows, params), ends, arrows) for step in graph.steps.values())


def _gated(step: Step, box: Box, ends: Mapping[str, str], arrows: list[Arrow]) -> Box:
    """`box` with the conditions of its step as wires. In a frame they end at a box of their own.

    A param has no wire, so a condition on one is a detail of the box.
    """
    if step.gate is None:
        return box
    target = f"{step.path}.when" if box.children else step.path
    for condition in step.gate.conditions:
        _add_arrows(RefUnion(condition.refs), target, "when" if condition.wanted else "unless", ends, arrows)
    by_params = tuple(str(one) for one in step.gate.conditions if not all(_end(ref, ends) for ref in one.refs))
    if not box.children:
        return replace(box, details=(*box.details, *by_params))
    return replace(box, children=(Box(target, "run", "condition", "gate", details=by_params), *box.children))


def _box(step: Step, ends: Mapping[str, str], arrows: list[Arrow], params: Params) -> Box:
    if isinstance(step, RepeatStep):
        return _loop(step, ends, arrows, params)
    if isinstance(step, EachStep):
        state = f"{step.path}.{step.variable}"
        _add_arrows(step.over, state, "", ends, arrows)
        inner = {**ends, step.variable: state}
        body = _boxes(step.body, inner, arrows, params)
        element = Box(state, step.variable, f"one {step.element.__name__}", "state")
        return Box(
            step.path, step.name, f"for each {step.variable}", "each", (element, *body), sources=_sources(step.body, inner)
        )
    wires: Mapping[str, Wire] = {}
    if isinstance(step, CallStep):
        wires = {**{name.rstrip("_"): wire for name, wire in step.wires.items()}, **step.given, **step.varying}
        found = Box(step.path, step.name, step.type.name, "call", role=_role(step), details=details_of(step, params))
    elif isinstance(step, PipeStep):
        wires = step.wires
        found = _pipeline(step, arrows, params)
    else:
        raise TypeError(f"unknown step {step!r}")
    for port, wire in wires.items():
        target = f"{step.path}.{port}" if isinstance(step, PipeStep) else step.path
        _add_arrows(wire, target, "" if isinstance(step, PipeStep) else port, ends, arrows)
    return found


def _role(step: CallStep) -> str:
    """Role of the model that the step calls."""
    return step.asking.role if step.asking and not step.only_reads else ""


def _loop(step: RepeatStep, ends: Mapping[str, str], arrows: list[Arrow], params: Params) -> Box:
    states = {name: f"{step.path}.{name}" for name in step.carry}
    inner = {**ends, **states}
    body = _boxes(step.body, inner, arrows, params)
    for name, carry in step.carry.items():
        if carry.start is not None:
            _add_arrows(carry.start, states[name], "start", ends, arrows)
        _add_arrows(carry.next, states[name], "next", inner, arrows, back=True)
    carried = tuple(Box(states[name], name, f"carried {carry.type.__name__}", "state") for name, carry in step.carry.items())
    return Box(step.path, step.name, _rounds(step, params), "loop", (*carried, *body))


def _pipeline(step: PipeStep, arrows: list[Arrow], params: Params) -> Box:
    """Box of a pipeline used as a step. Its inputs are boxes in it."""
    graph = step.graph
    given = {name: _known(wire, params) for name, wire in step.params.items()}
    ends = {name: f"{step.path}.{name}" for name in graph.inputs}
    inputs = [Box(ends[name], name, kind.__name__, "state") for name, kind in graph.inputs.items()]
    body = _boxes(graph, ends, arrows, {**graph.params, **given})
    return Box(step.path, step.name, graph.name, "pipeline", (*inputs, *body), sources=_sources(graph, ends))


def _sources(graph: Graph, ends: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(source for ref in refs_of(wire) if (source := _end(ref, ends))) for name, wire in graph.outputs.items()}


def _end(ref: Ref, ends: Mapping[str, str]) -> str | None:
    """Path of the box that a reference names: that of a carried value of a loop, not of the loop."""
    return ends.get(f"{ref.name}.{ref.port}") or ends.get(ref.name)


def _rounds(step: RepeatStep, params: Params) -> str:
    rounds = step.rounds.value if isinstance(step.rounds, LiteralValue) else str(step.rounds)
    known = _known(step.rounds, params)
    if isinstance(step.rounds, Ref) and known is not None:
        rounds = f"{rounds} = {known}"
    loop = f"for {step.variable} in {rounds}" if step.variable else f"repeat {rounds}"
    return loop + (f", until {' or '.join(map(str, step.until))}" if step.until else "")


def _known(wire: Wire, params: Params) -> Any:
    """Value of a setting; None if it is known only during a run."""
    if isinstance(wire, LiteralValue):
        return wire.value
    return params.get(wire.name) if isinstance(wire, Ref) and not wire.port else None


def _add_arrows(
    wire: Wire, target: str, port: str, ends: Mapping[str, str], arrows: list[Arrow], *, back: bool = False
) -> None:
    """Add the arrows of a wire. Params and literal values have none."""
    for ref in refs_of(wire):
        source, state = _end(ref, ends), f"{ref.name}.{ref.port}" in ends
        if source is not None:
            arrows.append(Arrow(source, target, port, "" if state else ref.port or "", back, str(ref)))
