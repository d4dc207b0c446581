"""Builds `repeat` and `each`: steps whose body is a graph that sees the enclosing names.

A loop is a step with a graph inside, so a graph has no back-edges. Its number of rounds is known before the run, so a plan can
bound the cost. `build_nodes` of the builder is passed as an argument, because a body is built like any graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptwire.documents.document import KeyPath, YamlValue
from promptwire.graph.ordering import ancestors
from promptwire.graph.port_types import TYPES, element_type, joined_type, name_of
from promptwire.graph.steps import MOST_KNOWN_ROUNDS, ROUND, Carry, EachStep, Graph, LiteralValue, Ref, RepeatStep, Step, Wire
from promptwire.language.conditions import true_refs
from promptwire.language.context import BuildResult, GraphScope, StepEntry
from promptwire.language.references import Target, connect, known_values, type_of_wire
from promptwire.language.setting_wires import connect_setting
from promptwire.language.step_spec import CarrySpec, EachSpec, NodeSpec, RepeatSpec
from promptwire.language.symbols import Kind, Symbol, SymbolTable, referenced_names
from promptwire.values import Example, Prompt

__all__ = ["BuildNodes", "build_each", "build_repeat", "prune_unused"]

BuildNodes = Callable[[GraphScope, Mapping[str, NodeSpec], KeyPath], dict[str, Step]]


def build_repeat(scope: GraphScope, entry: StepEntry, spec: RepeatSpec, *, build_nodes: BuildNodes) -> BuildResult:
    """Build the step for a loop."""
    name, at, needs = entry
    names, diagnostics = SymbolTable(scope.names), scope.diagnostics
    inner = scope.inside(names, name)
    rounds, variable = _rounds(scope, at)
    number = _number(scope, rounds, at)
    names.declare(number, diagnostics)
    if variable is not None:
        names.declare(variable, diagnostics)
    started = {state: _start(scope, carry, (*at, "carry", state)) for state, carry in spec.carry.items()}
    for state, (kind, _) in started.items():
        if state == "rounds":
            hint = f"${name}.rounds is how many rounds were run"
            diagnostics.error("name-clash", scope.location((*at, "carry", state)), "no state can be called 'rounds'", hint)
        symbol = Symbol(state, "state", scope.location((*at, "carry", state)), kind)
        names.declare(symbol, diagnostics)
        if (loop := scope.names.find(name)) is not None:
            scope.states.append((loop, symbol))
    steps = build_nodes(inner, spec.nodes, (*at, "nodes"))
    carry: dict[str, Carry] = {}
    for state, (kind, start) in started.items():
        target = Target(f"the state {state!r}", kind)
        following = connect(inner.value_at((*at, "carry", state, "next")), target, inner)
        carry[state] = Carry(kind or type(None), start, following or LiteralValue(None))
    until = _until(inner, at)
    ends = [scope.value_at((*at, "until")) if spec.until is not None else None, scope.value_at((*at, "carry"))]
    body = Graph(name, "", {}, {}, prune_unused(inner, steps, ends=[end for end in ends if end], at=(*at, "nodes")), {}, {})
    step = RepeatStep(
        name,
        scope.at(name),
        scope.location(at),
        needs,
        rounds=rounds,
        variable=variable.name if variable else None,
        until=until,
        carry=carry,
        body=body,
        numbered=bool(number.used),
    )
    return BuildResult(step, {**{state: kind for state, (kind, _) in started.items()}, "rounds": int})


def build_each(scope: GraphScope, entry: StepEntry, spec: EachSpec, *, build_nodes: BuildNodes) -> BuildResult:
    """Build the step for a sub-graph per element."""
    name, at, needs = entry
    names, diagnostics = SymbolTable(scope.names), scope.diagnostics
    inner = scope.inside(names, name)
    variable = next(iter(spec.each))
    written = scope.value_at((*at, "each", variable))
    over = connect(written, Target("'each'"), scope)
    element, values = _element_type(scope, over, written)
    names.declare(Symbol(variable, "variable", scope.location((*at, "each", variable)), element, values=values), diagnostics)
    steps = build_nodes(inner, spec.nodes, (*at, "nodes"))
    outputs: dict[str, Wire] = {}
    types: dict[str, type | None] = {}
    for output in spec.outputs:
        wire = connect(scope.value_at((*at, "outputs", output)), Target(f"the output {output!r}"), inner)
        outputs[output] = wire or LiteralValue(None)
        types[output] = type_of_wire(wire, names)
    known = {output: kind for output, kind in types.items() if kind is not None}
    kept = prune_unused(inner, steps, ends=[scope.value_at((*at, "outputs"))], at=(*at, "nodes"))
    body = Graph(name, "", {}, {}, kept, outputs, known)
    step = EachStep(
        name,
        scope.at(name),
        scope.location(at),
        needs,
        variable=variable,
        over=over or LiteralValue(()),
        element=element or object,
        body=body,
    )
    return BuildResult(
        step, {output: joined_type(kind) if kind else None for output, kind in types.items()}, next(iter(spec.outputs))
    )


def prune_unused(scope: GraphScope, steps: Mapping[str, Step], *, ends: list[YamlValue], at: KeyPath) -> dict[str, Step]:
    """Keep the steps that lead to `ends` or to a faulty reference; warn of the others."""
    nodes = scope.value_at(at)
    own = nodes.value if isinstance(nodes.value, dict) else {}
    needs = {name: set(referenced_names(yaml_value)) & own.keys() for name, yaml_value in own.items()}
    meant = [name for name in own if "*" in scope.names.own[name].used]
    wanted = ancestors(needs, [*meant, *(name for end in ends for name in referenced_names(end))])
    for name in own:
        if name not in wanted and not scope.names.own[name].clashes:
            scope.diagnostics.warn("unused-node", scope.location((*at, name)), f"node {name!r} is never used", "it is not run")
    return {name: step for name, step in steps.items() if name in wanted}


def _rounds(scope: GraphScope, at: KeyPath) -> tuple[Wire, Symbol | None]:
    """Number of rounds, and the loop variable when the loop runs over a list."""
    yaml_value, diagnostics = scope.value_at((*at, "repeat")), scope.diagnostics
    if not isinstance(yaml_value.value, dict):
        wire = connect_setting(scope, yaml_value, Target("'repeat'", int))
        for value in (known_values(wire, scope.names) if wire else None) or ():
            if isinstance(value, int) and value < 0:
                diagnostics.error("bad-repeat", yaml_value.location, f"'repeat' is {value}", "it must be at least 0")
        return wire or LiteralValue(0), None
    if len(yaml_value.value) != 1:
        diagnostics.error(
            "bad-repeat",
            yaml_value.location,
            "'repeat' takes one variable and its list",
            "write repeat: {size: [10, 5]}",
        )
        return LiteralValue(()), None
    ((variable, written),) = yaml_value.value.items()
    wire = connect_setting(scope, written, Target("the list of 'repeat'", list))
    lists = (known_values(wire, scope.names) if wire else None) or ()
    values = tuple(value for found in lists for value in found)
    location = written.key_location
    return wire or LiteralValue(()), Symbol(
        variable, "variable", location, _common_type(values), values=values if lists else None
    )


def _number(scope: GraphScope, rounds: Wire, at: KeyPath) -> Symbol:
    """The number of the round. Its values are known if the number of rounds is, and is not too large."""
    known = [len(value) if isinstance(value, list) else value for value in known_values(rounds, scope.names) or ()]
    many = max((count for count in known if isinstance(count, int)), default=None)
    kind: Kind = "variable" if many is None or many <= MOST_KNOWN_ROUNDS else "state"
    values = tuple(range(1, many + 1)) if many and kind == "variable" else None
    return Symbol(ROUND, kind, scope.location((*at, "repeat")), int, values=values, implicit=True)


def _common_type(values: tuple[Any, ...]) -> type | None:
    """The common type of `values`; None when there is none."""
    kinds = {type(value) for value in values}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else None


def _start(scope: GraphScope, spec: CarrySpec, at: KeyPath) -> tuple[type | None, Wire | None]:
    """Type of a state, and its value in the first round."""
    state, diagnostics = at[-1], scope.diagnostics
    declared = TYPES[spec.type] if spec.type else None
    written = scope.value_at(at).get("start")
    if written is not None:
        start = connect(written, Target(f"the state {state!r}", declared), scope)
        kind = declared or type_of_wire(start, scope.names)
        if start is not None and kind is None and isinstance(start, LiteralValue):
            diagnostics.error("bad-state", written.location, f"{start.value!r} can't be carried", "start from a $reference")
        return kind, start or LiteralValue(None)
    if declared is None:
        hint = "write start: $name, or type: History to start empty"
        diagnostics.error("bad-state", scope.location(at), f"the state {state!r} has neither 'start' nor 'type'", hint)
    elif declared in (Prompt, Example):
        message = f"the state {state!r} needs 'start': there is no empty {name_of(declared)}"
        diagnostics.error("bad-state", scope.location(at), message, f"write start: $name, or type: {name_of(declared)}s")
    return declared, None


def _until(inner: GraphScope, at: KeyPath) -> tuple[Ref, ...]:
    """The references of which one true value ends the loop."""
    written = inner.value_at(at).get("until")
    return () if written is None or written.value is None else true_refs(inner, written, "until")


def _element_type(scope: GraphScope, over: Wire | None, written: YamlValue) -> tuple[type | None, tuple[Any, ...] | None]:
    """Type of the elements of an `each`, and their values when they are known."""
    if over is None:
        return None, None
    kind = type_of_wire(over, scope.names)
    if kind is list:
        lists = known_values(over, scope.names)
        values = tuple(value for found in lists for value in found) if lists else None
        return (_common_type(values), values) if values else (None, None)
    element = element_type(kind) if kind else None
    if kind is not None and element is None:
        hint = "it takes Prompts, Examples, Failures, Critiques, Families or a List"
        description = f"{written.value} is {name_of(kind)}" if isinstance(written.value, str) else f"this is {name_of(kind)}"
        scope.diagnostics.error("type-mismatch", written.location, f"{description}, but 'each' needs a set", hint)
    return element, None
