"""Graph walk with sizes in place of values: bounds of the calls of each step.

The walk follows the scheduler. A loop's body is walked round by round, because states grow. When a round changes nothing, the
remaining rounds are equal and counted at once. A state that still grows after many rounds is assumed to grow without end.
A loop of a million rounds is thus planned quickly. The limits that nodes set on their outputs still hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promptwire.backend import Settings
from promptwire.bounds import NONE, ONE, UNKNOWN, Bound, Extent, Sizes
from promptwire.graph.port_values import elements
from promptwire.graph.steps import MOST_KNOWN_ROUNDS, ROUND, CallStep, EachStep, Graph, PipeStep, RepeatStep, Step
from promptwire.node import Role
from promptwire.planning.call_bounds import BoundsByPath, CallBounds
from promptwire.planning.conditions import Branches, first_states, not_run, outcome, perhaps_run
from promptwire.planning.known_steps import answers_of, known_step, note_shown, params_of, ports_of, tries_of
from promptwire.planning.round_reuse import found_again
from promptwire.planning.sizes import (
    SizedValue,
    SizeScope,
    cover,
    from_value,
    is_known,
    known_value,
    measure,
    multiply,
    size_up,
    sum_extents,
    widen,
)
from promptwire.planning.stage_bounds import Stage, cut_outputs

__all__ = ["count_calls"]

MANY_ROUNDS: Final = 300
"""Rounds after which a growing state is assumed to grow without end."""
MANY_STEPS: Final = 20_000
"""Steps walked before the rounds of further loops are counted at once: nested loops multiply."""
_PERHAPS: Final = Extent(0, 1)


@dataclass(slots=True)
class _Walk:
    bounds: BoundsByPath = field(default_factory=lambda: BoundsByPath())
    stages: dict[str, Stage] = field(default_factory=dict)
    """Pipelines that are called with limits, by path."""
    limited: bool = False
    """Whether a budget may end a loop after any round."""
    one_round: bool = False
    """Whether the outermost loops are walked for their first round only."""
    reach_all: bool = False
    """Whether a loop without rounds is walked once, so that its steps have sizes too."""
    loops: int = 0
    """Loops around the step that is being walked."""
    steps: int = 0
    """Number of steps walked."""
    roles: Mapping[Role, Settings] = field(default_factory=dict)
    """Settings by role, of the pipeline that is being walked."""
    calls: float = 0
    """The most calls of the steps walked, with the dearer one of alternatives."""

    def graph(self, graph: Graph, scope: SizeScope, factor: Extent) -> None:
        branches = Branches()
        for step in graph.steps.values():
            before, self.calls = self.calls, 0
            scope.found[step.name] = self.step(step, scope, factor)
            if step.gate is not None:
                branches.add(step.gate, self.calls)
            self.calls += before
        less = branches.saved()
        self.calls -= less
        self.bounds.saved += less

    def step(self, step: Step, scope: SizeScope, factor: Extent) -> Mapping[str, SizedValue]:
        """Sizes of the outputs of `step`, by port. Its calls are counted `factor` times."""
        gate = step.gate
        known = True if gate is None else outcome(gate, scope)
        if gate is None or known:
            return self.run(step, scope, factor)
        found = self.run(step, scope, factor * (NONE if known is False else _PERHAPS))
        return not_run(step, gate, scope) if known is False else perhaps_run(step, gate, scope, found)

    def run(self, step: Step, scope: SizeScope, factor: Extent) -> Mapping[str, SizedValue]:
        """Sizes of the outputs of `step` when it is run."""
        self.steps += 1
        if isinstance(step, CallStep):
            return self.call(step, scope, factor)
        if isinstance(step, RepeatStep):
            self.loops += 1
            found = self.repeat(step, scope, factor)
            self.loops -= 1
            return found
        if isinstance(step, EachStep):
            return self.each(step, scope, factor)
        if isinstance(step, PipeStep):
            return self.pipeline(step, scope, factor)
        raise TypeError(f"unknown step {step!r}")

    def call(self, step: CallStep, scope: SizeScope, factor: Extent) -> Mapping[str, SizedValue]:
        kind = step.type
        bounds = self.bounds.setdefault(step.path, CallBounds(step, roles=self.roles))
        ports = ports_of(step, scope)
        bounds.params = params_of(step, scope)
        bounds.follow(known_step(step, scope))
        returned, steady = found_again(step, scope.again, lambda ref: scope.look_up(ref).extent)
        sizes = Sizes(ports, answers_of(bounds.step), returned, steady)
        bound = kind.bound(sizes, bounds.params) if kind.bound and bounds.params else None
        if bound is None:
            bound = Bound(asks=UNKNOWN if kind.slots and kind.role else NONE, scores=UNKNOWN if kind.scores else NONE)
            bounds.known = False
        note_shown(bounds, {**ports, **{port: Extent.exactly(n) for port, n in bound.shown.items()}}, scope)
        bounds.converses |= bound.converses
        bounds.warnings = bound.warnings or bounds.warnings
        asks, scores = bound.asks * tries_of(bounds.step) * factor, bound.scores * factor
        bounds.asks, bounds.scores = bounds.asks + asks, bounds.scores + scores
        self.calls += asks.most + scores.most
        return {port: SizedValue(held, bound.outputs.get(port, UNKNOWN)) for port, held in step.outputs.items()}

    def repeat(self, step: RepeatStep, scope: SizeScope, factor: Extent) -> Mapping[str, SizedValue]:
        states = first_states(step, scope)
        rounds = known_value(step.rounds, scope)
        values = range(rounds) if isinstance(rounds, int) else tuple(rounds)
        values = values or range(1 if self.reach_all and step.variable is None else 0)
        values = values[:1] if self.one_round and self.loops == 1 else values
        if self.steps > MANY_STEPS:
            return self._at_once(step, scope, factor * Extent(0, len(values)))
        counted = step.numbered and len(values) <= MOST_KNOWN_ROUNDS
        early, ends = bool(step.until), states
        for index, value in enumerate(values):
            inner = SizeScope({name: {name: known} for name, known in states.items()}, scope, step if index else None)
            if step.numbered:
                inner.found[ROUND] = {ROUND: from_value(index + 1) if counted else SizedValue(int, ONE)}
            if step.variable is not None:
                inner.found[step.variable] = {step.variable: from_value(value)}
            times = factor * _PERHAPS if early and index else factor
            self.graph(step.body, inner, times)
            before, states = (
                states,
                {name: SizedValue(carry.type, measure(carry.next, inner, carry.type)) for name, carry in step.carry.items()},
            )
            if index >= MANY_ROUNDS:
                states = {name: widen(known, before[name]) for name, known in states.items()}
            ends = cover(ends, states) if (early and index) or self.limited else states
            if states == before and step.variable is None and not counted:
                left, inner.again = len(values) - index - 1, step
                self.graph(step.body, inner, factor * Extent(0 if early else left, left))
                break
        return {**ends, "rounds": SizedValue(int, ONE)}

    def _at_once(self, step: RepeatStep, scope: SizeScope, factor: Extent) -> Mapping[str, SizedValue]:
        """Count all rounds of a loop at once. Its states may have any size."""
        states = {name: SizedValue(carry.type, UNKNOWN) for name, carry in step.carry.items()}
        inner = SizeScope({name: {name: known} for name, known in states.items()}, scope, step)
        inner.found[ROUND] = {ROUND: SizedValue(int, ONE)}
        if step.variable is not None:
            inner.found[step.variable] = {step.variable: SizedValue(object, UNKNOWN)}
        self.graph(step.body, inner, factor)
        return {**states, "rounds": SizedValue(int, ONE)}

    def each(self, step: EachStep, scope: SizeScope, factor: Extent) -> Mapping[str, SizedValue]:
        known = known_value(step.over, scope) if is_known(step.over, scope) else None
        if known is not None:
            parts = [self._element(step, from_value(value), scope, factor) for value in elements(known)]
        else:
            over = size_up(step.over, scope)
            part = self._element(step, SizedValue(step.element, ONE.holding(over.extent.inside)), scope, factor * over.extent)
            return {name: SizedValue(step.body.types[name], multiply(found, over.extent)) for name, found in part.items()}
        return {name: SizedValue(kind, sum_extents([part[name] for part in parts])) for name, kind in step.body.types.items()}

    def _element(self, step: EachStep, element: SizedValue, scope: SizeScope, factor: Extent) -> dict[str, Extent]:
        inner = SizeScope({step.variable: {step.variable: element}}, scope)
        self.graph(step.body, inner, factor)
        return {name: measure(wire, inner, None) for name, wire in step.body.outputs.items()}

    def pipeline(self, step: PipeStep, scope: SizeScope, factor: Extent) -> Mapping[str, SizedValue]:
        graph = step.graph
        inputs = {
            name: SizedValue(graph.inputs[name], measure(wire, scope, graph.inputs[name])) for name, wire in step.wires.items()
        }
        params = {**graph.params, **{name: known_value(wire, scope) for name, wire in step.params.items()}}
        inner = _inside(graph, inputs, params)
        limits = {name: known_value(wire, scope) for name, wire in step.limits.items()}
        if limits:
            self.stages.setdefault(step.path, Stage(step.path)).add(limits, factor.most)
        around, self.roles = self.roles, _over(graph.models_with(params), self.roles)
        limited, self.limited = self.limited, self.limited or bool(limits)
        self.graph(graph, inner, factor)
        self.roles, self.limited = around, limited
        outputs = {
            name: SizedValue(graph.types[name], measure(wire, inner, graph.types[name])) for name, wire in graph.outputs.items()
        }
        return cut_outputs(step, inputs, outputs) if limits else outputs


def count_calls(
    graph: Graph, inputs: Mapping[str, Extent], *, limited: bool = False, one_round: bool = False, reach_all: bool = False
) -> BoundsByPath:
    """Bounds of each step of `graph` by its path, for `inputs` of these sizes.

    `limited`: a budget may end a loop after any round. `one_round`: only the first round of each outermost loop counts.
    `reach_all`: a loop without rounds counts one.
    """
    walk = _Walk(limited=limited, one_round=one_round, reach_all=reach_all, roles=graph.models)
    sized = {name: SizedValue(graph.inputs[name], extent) for name, extent in inputs.items()}
    walk.graph(graph, _inside(graph, sized, graph.params), ONE)
    walk.bounds.stages = tuple(walk.stages.values())
    return walk.bounds


def _over(own: Mapping[Role, Settings], around: Mapping[Role, Settings]) -> dict[Role, Settings]:
    return {role: own.get(role, Settings()).over(around.get(role, Settings())) for role in {*own, *around}}


def _inside(graph: Graph, inputs: Mapping[str, SizedValue], params: Mapping[str, Any]) -> SizeScope:
    """Scope of a pipeline's steps: its inputs and params."""
    unset = {name: SizedValue(graph.inputs[name], NONE) for name in graph.optional}
    known = {**unset, **{name: from_value(value) for name, value in params.items()}, **inputs}
    return SizeScope({name: {name: sized} for name, sized in known.items()})
