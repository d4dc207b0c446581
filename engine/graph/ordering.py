"""Orders steps by their dependencies, and finds the steps that the outputs need.

The standard library orders a graph without cycles. `cycles`, and networkx with it, is imported only when there is a cycle:
importing networkx takes longer than the rest of `promptwire check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush

__all__ = ["StepOrder", "ancestors", "order_steps"]


@dataclass(frozen=True, slots=True)
class StepOrder:
    """Steps in an order in which they could run, and the cycles among them."""

    order: tuple[str, ...]
    """All steps; those of a cycle are adjacent."""
    cycles: tuple[tuple[str, ...], ...]
    """Each cycle once, from step to step."""


def order_steps(needs: Mapping[str, Iterable[str]]) -> StepOrder:
    """Order steps by their `needs`. The result does not depend on the order in the file."""
    inner = {name: {need for need in found if need in needs} for name, found in needs.items()}
    try:
        return StepOrder(tuple(_ordered(inner)), ())
    except CycleError:
        from promptwire.graph.cycles import find_cycles  # noqa: PLC0415 - see the module's docstring

        return StepOrder(*find_cycles(inner))


def ancestors(needs: Mapping[str, Iterable[str]], ends: Iterable[str]) -> frozenset[str]:
    """`ends`, and all steps on a path to one of them."""
    reached: set[str] = set()
    waiting = [end for end in ends if end in needs]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [need for need in needs[name] if need in needs]
    return frozenset(reached)


def _ordered(needs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield steps in order; of the ready ones, the first by name. Raises CycleError."""
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    ready: list[str] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heappush(ready, name)
        name = heappop(ready)
        sorter.done(name)
        yield name
