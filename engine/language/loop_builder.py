"""Loops and sub-graphs per element: steps that own a graph, whose body sees the names around it.

A loop is no back-edge but a node with a graph inside, bounded by a number that is known before the run, so that a plan can
say what it may cost. `build_nodes` of the builder comes as an argument, for a body is built as any graph is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptwire.documents.document import KeyPath, YamlValue
from promptwire.graph.ordering import leading_to
from promptwire.graph.port_types import TYPES, joined, name_of, part
from promptwire.graph.steps import Carry, EachStep, Graph, LiteralValue, Ref, RepeatStep, Step, Wire
from promptwire.language.context import BuildResult, GraphScope, StepLocation
from promptwire.language.node_call_builder import setting
from promptwire.language.references import Target, connect, known_values, looks_like_reference, refer, type_of_wire
from promptwire.language.spec import CarrySpec, EachSpec, NodeSpec, RepeatSpec
from promptwire.language.symbols import Symbol, SymbolTable, mentions
from promptwire.values import Example, Prompt

__all__ = ["BuildNodes", "build_each", "build_repeat", "prune_unused"]

BuildNodes = Callable[[GraphScope, Mapping[str, NodeSpec], KeyPath], dict[str, Step]]


def build_repeat(frame: GraphScope, post: StepLocation, spec: RepeatSpec, *, build_nodes: BuildNodes) -> BuildResult:
    """The step for a loop."""
    name, at, needs = post
    names, findings = SymbolTable(frame.names), frame.site.findings
    inner = frame.inside(names, name)
    rounds, variable = _rounds(frame, at)
    if variable is not None:
        names.declare(variable, findings)
    started = {state: _start(frame, carry, (*at, "carry", state)) for state, carry in spec.carry.items()}
    for state, (kind, _) in started.items():
        if state == "rounds":
            hint = f"${name}.rounds is how many rounds were run"
            findings.error("name-clash", frame.place((*at, "carry", state)), "no state can be called 'rounds'", hint)
        symbol = Symbol(state, "state", frame.place((*at, "carry", state)), kind)
        names.declare(symbol, findings)
        if (loop := frame.names.find(name)) is not None:
            frame.states.append((loop, symbol))
    steps = build_nodes(inner, spec.nodes, (*at, "nodes"))
    carry: dict[str, Carry] = {}
    for state, (kind, start) in started.items():
        socket = Target(f"the state {state!r}", kind)
        following = connect(inner.branch((*at, "carry", state, "next")), socket, inner)
        carry[state] = Carry(kind or type(None), start, following or LiteralValue(None))
    until = _until(inner, at)
    ends = [frame.branch((*at, "until")) if spec.until is not None else None, frame.branch((*at, "carry"))]
    body = Graph(name, "", {}, {}, prune_unused(inner, steps, ends=[end for end in ends if end], at=(*at, "nodes")), {}, {})
    step = RepeatStep(
        name,
        frame.at(name),
        frame.place(at),
        needs,
        rounds=rounds,
        variable=variable.name if variable else None,
        until=until,
        carry=carry,
        body=body,
    )
    return BuildResult(step, {**{state: kind for state, (kind, _) in started.items()}, "rounds": int})


def build_each(frame: GraphScope, post: StepLocation, spec: EachSpec, *, build_nodes: BuildNodes) -> BuildResult:
    """The step for a sub-graph per element."""
    name, at, needs = post
    names, findings = SymbolTable(frame.names), frame.site.findings
    inner = frame.inside(names, name)
    variable = next(iter(spec.each))
    written = frame.branch((*at, "each", variable))
    over = connect(written, Target("'each'"), frame)
    element, values = _element(frame, over, written)
    names.declare(Symbol(variable, "variable", frame.place((*at, "each", variable)), element, values=values), findings)
    steps = build_nodes(inner, spec.nodes, (*at, "nodes"))
    outputs: dict[str, Wire] = {}
    types: dict[str, type | None] = {}
    for output in spec.outputs:
        wire = connect(frame.branch((*at, "outputs", output)), Target(f"the output {output!r}"), inner)
        outputs[output] = wire or LiteralValue(None)
        types[output] = type_of_wire(wire, names)
    known = {output: kind for output, kind in types.items() if kind is not None}
    kept = prune_unused(inner, steps, ends=[frame.branch((*at, "outputs"))], at=(*at, "nodes"))
    body = Graph(name, "", {}, {}, kept, outputs, known)
    step = EachStep(
        name,
        frame.at(name),
        frame.place(at),
        needs,
        variable=variable,
        over=over or LiteralValue(()),
        element=element or object,
        body=body,
    )
    return BuildResult(
        step, {output: joined(kind) if kind else None for output, kind in types.items()}, next(iter(spec.outputs))
    )


def prune_unused(frame: GraphScope, steps: Mapping[str, Step], *, ends: list[YamlValue], at: KeyPath) -> dict[str, Step]:
    """The steps that lead to `ends`; of the others the author is told."""
    nodes = frame.branch(at)
    own = nodes.value if isinstance(nodes.value, dict) else {}
    needs = {name: set(mentions(branch)) & own.keys() for name, branch in own.items()}
    wanted = leading_to(needs, [name for end in ends for name in mentions(end)])
    for name in own:
        if name not in wanted:
            frame.site.findings.warn("unused-node", frame.place((*at, name)), f"nobody uses the node {name!r}", "it is not run")
    return {name: step for name, step in steps.items() if name in wanted}


def _rounds(frame: GraphScope, at: KeyPath) -> tuple[Wire, Symbol | None]:
    """How often the loop runs, and its variable when it runs over a list."""
    branch, findings = frame.branch((*at, "repeat")), frame.site.findings
    if not isinstance(branch.value, dict):
        wire = setting(frame, branch, Target("'repeat'", int))
        for value in (known_values(wire, frame.names) if wire else None) or ():
            if isinstance(value, int) and value < 0:
                findings.error("bad-repeat", branch.spot.place(), f"'repeat' is {value}", "it must be at least 0")
        return wire or LiteralValue(0), None
    if len(branch.value) != 1:
        findings.error(
            "bad-repeat", branch.spot.place(), "'repeat' names one variable and its list", "write repeat: {size: [10, 5]}"
        )
        return LiteralValue(()), None
    ((variable, written),) = branch.value.items()
    wire = setting(frame, written, Target("the list of 'repeat'", list))
    lists = (known_values(wire, frame.names) if wire else None) or ()
    values = tuple(value for found in lists for value in found)
    place = (written.key or written.spot).place()
    return wire or LiteralValue(()), Symbol(variable, "variable", place, _common(values), values=values if lists else None)


def _common(values: tuple[Any, ...]) -> type | None:
    """The one type of `values`; None when there is none, or none that is known."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else None


def _start(frame: GraphScope, spec: CarrySpec, at: KeyPath) -> tuple[type | None, Wire | None]:
    """A state's type and its value in the first round."""
    state, findings = at[-1], frame.site.findings
    declared = TYPES[spec.type] if spec.type else None
    written = frame.branch(at).get("start")
    if written is not None:
        start = connect(written, Target(f"the state {state!r}", declared), frame)
        kind = declared or type_of_wire(start, frame.names)
        if start is not None and kind is None and isinstance(start, LiteralValue):
            findings.error("bad-state", written.spot.place(), f"{start.value!r} can't be carried", "start from a $reference")
        return kind, start or LiteralValue(None)
    if declared is None:
        hint = "write start: $name, or type: History to start empty"
        findings.error("bad-state", frame.place(at), f"the state {state!r} has neither 'start' nor 'type'", hint)
    elif declared in (Prompt, Example):
        message = f"the state {state!r} needs 'start': there is no empty {name_of(declared)}"
        findings.error("bad-state", frame.place(at), message, f"write start: $name, or type: {name_of(declared)}s")
    return declared, None


def _until(inner: GraphScope, at: KeyPath) -> Ref | None:
    """The Bool that ends the loop."""
    branch = inner.branch(at).get("until")
    if branch is None or branch.value is None:
        return None
    if not looks_like_reference(branch.value):
        inner.site.findings.error(
            "type-mismatch", branch.spot.place(), "'until' needs a reference to a Bool of the body", "write $name"
        )
        return None
    return refer(branch, Target("'until'", bool), inner)


def _element(frame: GraphScope, over: Wire | None, written: YamlValue) -> tuple[type | None, tuple[Any, ...] | None]:
    """Type of the elements that `each` takes, and their values where they are known."""
    if over is None:
        return None, None
    kind = type_of_wire(over, frame.names)
    if kind is list:
        lists = known_values(over, frame.names)
        values = tuple(value for found in lists for value in found) if lists else None
        return (_common(values), values) if values else (None, None)
    element = part(kind) if kind else None
    if kind is not None and element is None:
        hint = "it takes Prompts, Examples, Failures, Critiques, Families or a List"
        said = f"{written.value} is {name_of(kind)}" if isinstance(written.value, str) else f"this is {name_of(kind)}"
        frame.site.findings.error("type-mismatch", written.spot.place(), f"{said}, but 'each' needs a set", hint)
    return element, None
