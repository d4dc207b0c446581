"""Conditions of steps before a run: which are known to hold, and the sizes of outputs that may be empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from promptwire.bounds import NONE, ONE
from promptwire.graph.port_types import SET_OF, can_be_true, is_set
from promptwire.graph.port_values import is_true
from promptwire.graph.steps import Gate, Ref, RepeatStep, Step
from promptwire.planning.sizes import Alternative, SizedValue, SizeScope, is_known, known_value, measure
from promptwire.values import History

__all__ = ["Branches", "first_states", "not_run", "outcome", "perhaps_run"]


def outcome(gate: Gate, scope: SizeScope) -> bool | None:
    """Whether a step with `gate` is run; None when only the run can tell."""
    found = []
    for condition in gate.conditions:
        truths = [_truth(ref, scope) for ref in condition.refs]
        known = True if True in truths else None if None in truths else False
        found.append(None if known is None else known == condition.wanted)
    return False if False in found else None if None in found else True


def _truth(ref: Ref, scope: SizeScope) -> bool | None:
    if is_known(ref, scope):
        value = known_value(ref, scope)
        return is_true(value) if value is None or can_be_true(type(value)) or isinstance(value, tuple) else None
    sized = scope.look_up(ref)
    # A set that has elements when nothing fails may still be empty after failed calls. So only "empty" can be known.
    return False if sized.kind is not None and _can_be_empty(sized.kind) and not sized.extent.most else None


def first_states(step: RepeatStep, scope: SizeScope) -> dict[str, SizedValue]:
    """Sizes of the states of a loop before its first round."""
    return {
        name: SizedValue(carry.type, NONE if carry.start is None else measure(carry.start, scope, carry.type))
        for name, carry in step.carry.items()
    }


def not_run(step: Step, gate: Gate, scope: SizeScope) -> dict[str, SizedValue]:
    """Sizes of the outputs of a step that is not run."""
    if isinstance(step, RepeatStep):
        return {**first_states(step, scope), "rounds": SizedValue(int, ONE)}
    return {name: SizedValue(kind, NONE if _can_be_empty(kind) else ONE) for name, kind in gate.outputs.items()}


def perhaps_run(step: Step, gate: Gate, scope: SizeScope, found: Mapping[str, SizedValue]) -> dict[str, SizedValue]:
    """Sizes of the outputs of a step that may not be run. `found` are those when it is."""
    otherwise = not_run(step, gate, scope)
    sized = {name: replace(one, extent=one.extent.hull(otherwise[name].extent)) for name, one in found.items()}
    if len(gate.conditions) > 1 or isinstance(step, RepeatStep):
        return sized
    (condition,) = gate.conditions
    return {
        name: replace(one, only=Alternative(condition.key, condition.wanted, found[name].extent)) for name, one in sized.items()
    }


def _can_be_empty(kind: type) -> bool:
    return is_set(kind) or kind is History or kind in SET_OF


@dataclass(slots=True)
class Branches:
    """Calls of steps of one graph that exclude each other: those with `when` and those with `unless` of the same values."""

    sides: dict[tuple[str, ...], list[float]] = field(default_factory=dict)

    def add(self, gate: Gate, calls: float) -> None:
        """Add the most calls of a step with `gate`."""
        if len(gate.conditions) == 1:
            (condition,) = gate.conditions
            self.sides.setdefault(condition.key, [0.0, 0.0])[condition.wanted] += calls

    def saved(self) -> float:
        """Calls that are never made, because only the dearer side can be run."""
        less = [min(sides) for sides in self.sides.values()]
        return sum(calls for calls in less if calls != float("inf"))
