"""The longest chain of a loop whose rounds overlap: each step starts as soon as the states that it reads are there.

The rounds are gone through one by one, by the rules of `promptwire.running.overlapping`. The time of a step is the length of
its own chain.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from promptwire.graph.nesting import inner_graph
from promptwire.graph.overlap import MOST_ROUNDS_AT_ONCE, names_of, names_read
from promptwire.graph.steps import RepeatStep

__all__ = ["Chain", "overlapping_chain"]


@dataclass(frozen=True, slots=True)
class Chain:
    """The longest chain of steps that wait for one another's calls."""

    calls: int = 0
    """Steps of the chain, counted as often as they run."""
    text: str = ""
    """The chain in words, such as `first → 6 × (ideas → scores)`. An inner pipeline is named before its steps."""


@dataclass(frozen=True, slots=True)
class _Point:
    """A moment of the loop: how many calls wait for one another before it, and the last of them."""

    calls: int = 0
    text: str = ""
    before: _Point | None = None

    def then(self, chain: Chain) -> _Point:
        """The moment at which a step that starts here ends."""
        return _Point(self.calls + chain.calls, chain.text, self) if chain.calls else self


_START = _Point()


def _latest(points: Iterable[_Point]) -> _Point:
    return max(points, key=lambda point: point.calls, default=_START)


def overlapping_chain(loop: RepeatStep, chains: Mapping[str, Chain], rounds: int) -> Chain:
    """The longest chain of `rounds` rounds that overlap. `chains` are those of the steps of the body, by name."""
    steps = loop.body.steps
    reads = {name: names_read(step) & loop.carry.keys() for name, step in steps.items()}
    follows = {state: names_of(carry.next) for state, carry in loop.carry.items()}
    states = dict.fromkeys(loop.carry, _START)
    begun, ended = dict.fromkeys(steps, _START), dict.fromkeys(steps, _START)
    over: list[tuple[int, int, _Point]] = []
    for number in range(rounds):
        entered = heapq.heappop(over)[2] if number >= MOST_ROUNDS_AT_ONCE else _START
        before = {name: begun[name] if inner_graph(step) is None else ended[name] for name, step in steps.items()}
        for name, step in steps.items():
            needed = [ended[need] for need in step.needs if need in steps]
            begun[name] = _latest([entered, before[name], *needed, *(states[state] for state in reads[name])])
            ended[name] = begun[name].then(chains[name])
        # A name from outside the loop is there from the start.
        here = {**states, **ended}
        states = {state: _latest(here[name] for name in names if name in here) for state, names in follows.items()}
        last = _latest(ended.values())
        heapq.heappush(over, (last.calls, number, last))
    end = _latest([*ended.values(), *(point for *_, point in over)])
    return Chain(end.calls, _words(end, len(steps)))


def _words(end: _Point, longest: int) -> str:
    """The chain that ends at `end`. Groups of at most `longest` steps that come again stand once, with their number."""
    path: list[str] = []
    point: _Point | None = end
    while point is not None:
        path += [point.text] if point.text else []
        point = point.before
    path.reverse()
    parts, at = [], 0
    while at < len(path):
        size, times = max(
            ((size, _repeats(path, at, size)) for size in range(1, longest + 1)), key=lambda one: one[0] * (one[1] > 1) * one[1]
        )
        size = size if times > 1 else 1
        text = " → ".join(path[at : at + size])
        parts.append(f"{times} × ({text})" if times > 1 else text)
        at += size * times
    return " → ".join(parts)


def _repeats(path: list[str], at: int, size: int) -> int:
    """How often the `size` steps from `at` stand there in a row."""
    group, times = path[at : at + size], 1
    while path[at + size * times : at + size * (times + 1)] == group:
        times += 1
    return times
