"""Run loops: `repeat` with values carried between rounds, `each` over elements.

A round sees the states of its beginning. New states are read when the round is complete. So a budget that runs out within a
round leaves the states of the last complete one. The run still has its best result so far (an anytime result). Without limits,
rounds may overlap, see `promptwire.running.overlapping`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from promptwire.errors import LimitReached
from promptwire.graph.overlap import can_overlap
from promptwire.graph.port_values import elements, empty, is_true, join_values, to_json
from promptwire.graph.steps import ROUND, EachStep, Graph, RepeatStep
from promptwire.running.gather import gather
from promptwire.running.overlapping import run_overlapping
from promptwire.running.scope import Scope
from promptwire.running.session import Session
from promptwire.values.hashing import digest, ordinals

__all__ = ["first_states", "run_each", "run_repeat"]

RunSteps = Callable[[Graph, Scope], Awaitable[None]]


async def run_repeat(step: RepeatStep, scope: Scope, session: Session, *, run: RunSteps) -> dict[str, Any]:
    """Run the rounds of `step`; return the states after the last complete round, and the number of `rounds`.

    LimitReached ends the loop. Under `on_limit: fail` it is raised and fails the run.
    """
    turns = _turns(step, scope)
    states = first_states(step, scope)
    complete = 0
    session.trace.event("loop", path=step.path, round=scope.round, of=len(turns))
    if len(turns) > 1 and session.unlimited and can_overlap(step):
        scopes = [_inside(step, scope, {}, number, turn) for number, turn in enumerate(turns)]

        def ended(one: Scope) -> None:
            session.trace.event("round", path=step.path, round=one.round, of=len(turns))

        return {**await run_overlapping(step, scopes, states, run=run, ended=ended), "rounds": len(turns)}
    for turn in turns:
        inner = _inside(step, scope, states, complete, turn)
        known = len(session.scored_prompts)
        try:
            await run(step.body, inner)
        except LimitReached as limit:
            if not session.may_end(limit):
                raise
            session.trace.event("limit", path=step.path, round=inner.round, reason=limit.problem, complete=complete)
            session.note_limit(limit, inner.round)
            session.scored_prompts.cut(known)
            break
        states = {name: inner.value(carry.next, carry.type) for name, carry in step.carry.items()}
        complete += 1
        session.trace.event("round", path=step.path, round=inner.round, of=len(turns))
        if any(is_true(inner.look_up(ref)) for ref in step.until):
            break
    return {**states, "rounds": complete}


def first_states(step: RepeatStep, scope: Scope) -> dict[str, Any]:
    """The states before the first round."""
    return {
        name: empty(carry.type) if carry.start is None else scope.value(carry.start, carry.type)
        for name, carry in step.carry.items()
    }


async def run_each(step: EachStep, scope: Scope, *, run: RunSteps) -> dict[str, Any]:
    """Run the body of `step` for each element; return its outputs, joined in element order."""

    async def one(index: int, element: Any) -> Mapping[str, Any]:
        inner = scope.inside(
            {step.variable: element}, element=f"{scope.element}/{index}", twin=f"{scope.twin}/{numbers[index]}"
        )
        await run(step.body, inner)
        return {name: inner.value(wire) for name, wire in step.body.outputs.items()}

    taken = elements(scope.value(step.over))
    numbers = ordinals(digest(to_json(element)) for element in taken)
    parts = await gather([one(index, element) for index, element in enumerate(taken)])
    return {name: join_values([part[name] for part in parts], kind) for name, kind in step.body.types.items()}


def _turns(step: RepeatStep, scope: Scope) -> Sequence[Any]:
    """Values of the loop variable, one a round; the round's number when the loop has no variable."""
    rounds = scope.value(step.rounds)
    return range(rounds) if isinstance(rounds, int) else list(rounds)


def _inside(step: RepeatStep, scope: Scope, states: Mapping[str, Any], number: int, turn: Any) -> Scope:
    values = {**states, **({ROUND: number + 1} if step.numbered else {}), **({step.variable: turn} if step.variable else {})}
    return scope.inside(values, round=f"{scope.round}.{number}" if scope.round else str(number))
