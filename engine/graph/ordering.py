"""Which step before which: order, cycles and what leads to the outputs.

A graph without cycles is put in order by the standard library; `tangles`, and networkx with it, is loaded where steps wait for
each other, since importing networkx takes longer than all else that `promptwire check` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

__all__ = ["StepOrder", "ancestors", "order_steps"]


@dataclass(frozen=True, slots=True)
class StepOrder:
    """Steps in an order in which they could run one by one."""

    order: tuple[str, ...]
    """Every step; those of a cycle side by side."""
    cycles: tuple[tuple[str, ...], ...]
    """Each set of steps that wait for each other, once, in the order in which they hand on."""


def order_steps(needs: Mapping[str, Iterable[str]]) -> StepOrder:
    """The steps of `needs` (what each needs) in order, the same for every order in which they were written."""
    inner = {name: {need for need in found if need in needs} for name, found in needs.items()}
    try:
        return StepOrder(tuple(_ordered(inner)), ())
    except CycleError:
        from promptwire.graph.cycles import find_cycles  # noqa: PLC0415 - see the module's docstring

        return StepOrder(*find_cycles(inner))


def ancestors(needs: Mapping[str, Iterable[str]], ends: Iterable[str]) -> frozenset[str]:
    """`ends` and every step on a path to one of them."""
    reached: set[str] = set()
    waiting = [end for end in ends if end in needs]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [need for need in needs[name] if need in needs]
    return frozenset(reached)


def _ordered(needs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Of what is ready, always the first by name. Raises CycleError."""
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    ready: list[str] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heappush(ready, name)
        name = heappop(ready)
        sorter.done(name)
        yield name
