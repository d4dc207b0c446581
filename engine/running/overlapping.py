"""Run rounds of a loop before those before them have ended: each step starts as soon as the states that it reads are there.

A step runs in the order of the rounds: not before the same step of the round before has started, or has ended if it is a loop
or a pipeline. So what a node counts over rounds does not depend on timing. A limit would cut another call than without overlap,
so rounds overlap only in a run without limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from promptwire.errors import PromptwireError
from promptwire.graph.nesting import inner_graph
from promptwire.graph.overlap import MOST_ROUNDS_AT_ONCE, names_of, names_read
from promptwire.graph.steps import Graph, RepeatStep, Step
from promptwire.running.gather import gather
from promptwire.running.scope import Scope

__all__ = ["run_overlapping"]


class _Round:
    """One round: which of its states and steps are there, and what follows from them for the next round."""

    def __init__(self, loop: RepeatStep, scope: Scope, before: _Round | None, reads: Mapping[str, frozenset[str]]) -> None:
        self.scope = scope
        self.over = asyncio.Event()
        self.next_states: dict[str, Any] = {}
        self._loop = loop
        self._before = before
        self._after: _Round | None = None
        self._reads = reads
        self._states = {name: asyncio.Event() for name in loop.carry}
        self._begun = {name: asyncio.Event() for name in loop.body.steps}
        self._ended = {name: asyncio.Event() for name in loop.body.steps}
        if before is not None:
            before._after = self
        scope.enter, scope.leave = self._enter, self._leave

    def give(self, states: Mapping[str, Any]) -> None:
        """Set `states` of this round, and those of the rounds after it that follow from them alone."""
        one: _Round | None = self
        while one is not None:  # no call for each round: a state that stays as it is goes through all of them
            for name, value in states.items():
                one.scope.provide(name, value)
                one._states[name].set()
            states, one = one._fresh(), one._after
            if not states:
                return

    async def _enter(self, step: Step) -> None:
        """Wait until `step` may start."""
        for state in sorted(self._reads[step.name]):
            await self._states[state].wait()
        if self._before is not None:
            gone = self._before._begun if inner_graph(step) is None else self._before._ended
            await gone[step.name].wait()
        self._begun[step.name].set()

    def _leave(self, step: Step) -> None:
        self._ended[step.name].set()
        fresh = self._fresh()
        if self._after is not None and fresh:
            self._after.give(fresh)

    def _fresh(self) -> dict[str, Any]:
        """The states of the next round that are known now and were not before."""
        fresh = {}
        for name, carry in self._loop.carry.items():
            if name not in self.next_states and all(map(self._known, names_of(carry.next))):
                fresh[name] = self.scope.value(carry.next, carry.type)
        self.next_states |= fresh
        return fresh

    def _known(self, name: str) -> bool:
        """Whether the value called `name` is there; a name from outside the loop always is."""
        event = self._ended.get(name) or self._states.get(name)
        return event is None or event.is_set()


async def run_overlapping(
    loop: RepeatStep,
    scopes: Sequence[Scope],
    start: Mapping[str, Any],
    *,
    run: Callable[[Graph, Scope], Awaitable[None]],
    ended: Callable[[Scope], None],
) -> dict[str, Any]:
    """Run a round in each of `scopes`, which have no states yet; return the states after the last one.

    `start` are the states of the first round. `ended` is called for each round, in their order.
    When rounds fail, the error of the earliest one is raised.
    """
    reads = {name: names_read(step) & loop.carry.keys() for name, step in loop.body.steps.items()}
    rounds: list[_Round] = []
    for scope in scopes:
        rounds.append(_Round(loop, scope, rounds[-1] if rounds else None, reads))
    places = asyncio.Semaphore(MOST_ROUNDS_AT_ONCE)

    async def play(number: int, one: _Round) -> None:
        try:
            async with places:
                await run(loop.body, one.scope)
        except PromptwireError:
            for later in tasks[number + 1 :]:
                later.cancel()
            if number:  # an error of an earlier round comes first, as in rounds in sequence
                await rounds[number - 1].over.wait()
            raise
        if number:
            await rounds[number - 1].over.wait()
        ended(one.scope)
        one.over.set()

    rounds[0].give(start)
    tasks = [asyncio.ensure_future(play(number, one)) for number, one in enumerate(rounds)]
    await gather(tasks)
    return rounds[-1].next_states
