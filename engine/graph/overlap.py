"""Whether a round of a loop can begin before the round before it has ended, and which names a step reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from promptwire.graph.nesting import every_step, inner_graph
from promptwire.graph.ordering import ancestors
from promptwire.graph.steps import CallStep, EachStep, PipeStep, RepeatStep, Step, Wire
from promptwire.graph.wires import refs_of

__all__ = ["MOST_ROUNDS_AT_ONCE", "can_overlap", "names_of", "names_read"]

MOST_ROUNDS_AT_ONCE: Final = 32
"""Most rounds of a loop that run at once."""


def names_of(wire: Wire | None) -> frozenset[str]:
    """The names that `wire` refers to."""
    return frozenset(ref.name for ref in refs_of(wire))


def names_read(step: Step) -> frozenset[str]:
    """Every name that `step`, or a step of the loops in it, refers to: names from outside, and some of its own."""
    found = {ref.name for one in (step.gate.conditions if step.gate else ()) for ref in one.refs}
    found |= {name for wire in _wires(step) for name in names_of(wire)}
    if isinstance(step, RepeatStep):
        found |= {ref.name for ref in step.until}
    if isinstance(step, RepeatStep | EachStep):
        found |= {name for one in step.body.steps.values() for name in names_read(one)}
    return frozenset(found)


def _wires(step: Step) -> Iterator[Wire | None]:
    if isinstance(step, CallStep):
        for wires in (step.wires, step.params, step.given, step.varying):
            yield from wires.values()
    elif isinstance(step, PipeStep):
        for wires in (step.wires, step.params, step.limits):
            yield from wires.values()
    elif isinstance(step, EachStep):
        yield step.over
        yield from step.body.outputs.values()
    elif isinstance(step, RepeatStep):
        yield step.rounds
        for carry in step.carry.values():
            yield from (carry.start, carry.next)


def can_overlap(loop: RepeatStep) -> bool:
    """Whether a step that calls a model can begin while the round before still waits for another one.

    A loop with `until` has to know first whether there is another round. What a stage pays for depends on the calls before it,
    and so does whether too many calls of a step have failed. A loop with either in it runs its rounds in sequence.
    """
    if loop.until or any(map(_counts_calls, every_step(loop.body))):
        return False
    steps = loop.body.steps
    needs = {name: step.needs for name, step in steps.items()}
    callers = {name for name, step in steps.items() if _calls(step)}
    return any(not callers <= _before(name, loop, needs) for name in callers)


def _before(name: str, loop: RepeatStep, needs: dict[str, frozenset[str]]) -> frozenset[str]:
    """Steps of the round before that the step `name` waits for, through the states that it reads."""
    steps, found = loop.body.steps, frozenset[str]()
    states: set[str] = set()
    waiting = [state for one in ancestors(needs, [name]) for state in names_read(steps[one]) & loop.carry.keys()]
    while waiting:
        state = waiting.pop()
        if state in states:
            continue
        states.add(state)
        ends = ancestors(needs, names_of(loop.carry[state].next))
        found |= ends
        # A state of the round before may need states of its own round: these are made in still earlier rounds.
        read = {*names_of(loop.carry[state].next), *(one for end in ends for one in names_read(steps[end]))}
        waiting += list(read & loop.carry.keys())
    return found


def _counts_calls(step: Step) -> bool:
    """Whether a result of `step` depends on the number of calls so far: it is a stage, or may fail by `max_failed`."""
    if isinstance(step, CallStep):
        return step.asking is not None and step.asking.max_failed < 1
    return isinstance(step, PipeStep) and bool(step.limits)


def _calls(step: Step) -> bool:
    """Whether `step`, or a step in it, calls a model."""
    inner = inner_graph(step)
    each = [step] if inner is None else every_step(inner)
    return any(isinstance(one, CallStep) and one.asking is not None and not one.only_reads for one in each)
