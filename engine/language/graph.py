"""Which step before which: order, cycles and what leads to the outputs.

The only module that knows networkx.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx

if TYPE_CHECKING:
    Arrows = networkx.DiGraph[str]

__all__ = ["Arrangement", "arrange", "leading_to"]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Steps in an order in which they could run one by one."""

    order: tuple[str, ...]
    """Every step; those of a cycle side by side."""
    cycles: tuple[tuple[str, ...], ...]
    """Each set of steps that wait for each other, once, in the order in which they hand on."""


def arrange(needs: Mapping[str, Iterable[str]]) -> Arrangement:
    """The steps of `needs` (what each needs) in order, the same for every order in which they were written."""
    graph = _arrows(needs)
    tangles = networkx.condensation(graph)
    members = {number: sorted(tangles.nodes[number]["members"]) for number in tangles}
    order = networkx.lexicographical_topological_sort(tangles, key=lambda number: members[number][0])
    cycles = [_shortest(graph, steps) for steps in members.values() if len(steps) > 1 or graph.has_edge(steps[0], steps[0])]
    return Arrangement(tuple(step for number in order for step in members[number]), tuple(sorted(cycles)))


def leading_to(needs: Mapping[str, Iterable[str]], ends: Iterable[str]) -> frozenset[str]:
    """`ends` and every step on a path to one of them."""
    graph = _arrows(needs)
    wanted = {end for end in ends if end in graph}
    return frozenset(wanted).union(*(networkx.ancestors(graph, end) for end in wanted))


def _arrows(needs: Mapping[str, Iterable[str]]) -> Arrows:
    """An arrow from each step to those that need it; sorted, so that nothing depends on the written order."""
    graph: Arrows = networkx.DiGraph()
    graph.add_nodes_from(sorted(needs))
    graph.add_edges_from(sorted((need, name) for name, found in needs.items() for need in set(found) if need in needs))
    return graph


def _shortest(graph: Arrows, steps: list[str]) -> tuple[str, ...]:
    """The shortest way round from the first of `steps`: a long tour through a tangle helps nobody."""
    first, inside = steps[0], graph.subgraph(steps)
    ways = [networkx.shortest_path(inside, after, first) for after in sorted(inside.successors(first))]
    way = min(ways, key=lambda found: (len(found), found))
    return (first, *way[:-1])
