"""A loop: run a graph again with carried values, and a set's elements each through a graph of its own.

A round sees the states as they stood when it began; what it hands on is read when it is complete. So a budget that runs out
in the middle of a round leaves the states of the last complete one: the run still has its best so far (an anytime result).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from promptwire.errors import LimitReached
from promptwire.graph.port_types import elements, empty, join_values, to_json
from promptwire.graph.steps import EachStep, Graph, RepeatStep
from promptwire.running.gather import gather
from promptwire.running.scope import Scope
from promptwire.running.session import Session
from promptwire.values.hashing import digest, ordinals

__all__ = ["run_each", "run_repeat"]

RunSteps = Callable[[Graph, Scope], Awaitable[None]]


async def run_repeat(step: RepeatStep, scope: Scope, session: Session, *, run: RunSteps) -> dict[str, Any]:
    """The carried states after the last complete round, and `rounds`, how many were complete.

    LimitReached ends the loop, unless the run's limits say that it fails the run.
    """
    turns = _turns(step, scope)
    states = {
        name: empty(carry.type) if carry.start is None else scope.value(carry.start, carry.type)
        for name, carry in step.carry.items()
    }
    complete = 0
    for turn in turns:
        inner = _inside(step, scope, states, complete, turn)
        known = len(session.scored_prompts)
        try:
            await run(step.body, inner)
        except LimitReached as limit:
            if not session.anytime:
                raise
            session.trace.event("limit", path=step.path, round=inner.round, reason=limit.problem, complete=complete)
            session.note_limit(limit, inner.round)
            session.scored_prompts.cut(known)
            break
        states = {name: inner.value(carry.next, carry.type) for name, carry in step.carry.items()}
        complete += 1
        session.trace.event("round", path=step.path, round=inner.round, of=len(turns))
        if step.until is not None and inner.look_up(step.until):
            break
    return {**states, "rounds": complete}


async def run_each(step: EachStep, scope: Scope, *, run: RunSteps) -> dict[str, Any]:
    """The body's outputs over all elements, joined in element order."""

    async def one(place: int, element: Any) -> Mapping[str, Any]:
        inner = scope.inside(
            {step.variable: element}, element=f"{scope.element}/{place}", twin=f"{scope.twin}/{numbers[place]}"
        )
        await run(step.body, inner)
        return {name: inner.value(wire) for name, wire in step.body.outputs.items()}

    taken = elements(scope.value(step.over))
    numbers = ordinals(digest(to_json(element)) for element in taken)
    parts = await gather([one(place, element) for place, element in enumerate(taken)])
    return {name: join_values([part[name] for part in parts], kind) for name, kind in step.body.types.items()}


def _turns(step: RepeatStep, scope: Scope) -> Sequence[Any]:
    """What the loop variable takes in each round; the round's number where there is none."""
    rounds = scope.value(step.rounds)
    return range(rounds) if isinstance(rounds, int) else list(rounds)


def _inside(step: RepeatStep, scope: Scope, states: Mapping[str, Any], number: int, turn: Any) -> Scope:
    values = {**states, step.variable: turn} if step.variable else dict(states)
    return scope.inside(values, round=f"{scope.round}.{number}" if scope.round else str(number))
