"""Steps that wait for each other: which they are, and the shortest way round.

The only module that knows networkx.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import networkx

if TYPE_CHECKING:
    Arrows = networkx.DiGraph[str]

__all__ = ["find_cycles"]


def find_cycles(needs: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Every step in order, those of a cycle side by side; and each cycle, once, in the order in which it hands on."""
    graph: Arrows = networkx.DiGraph()
    # Sorted, so that nothing depends on the written order.
    graph.add_nodes_from(sorted(needs))
    graph.add_edges_from(sorted((need, name) for name, found in needs.items() for need in found))
    knots = networkx.condensation(graph)
    members = {number: sorted(knots.nodes[number]["members"]) for number in knots}
    order = networkx.lexicographical_topological_sort(knots, key=lambda number: members[number][0])
    cycles = [_shortest(graph, steps) for steps in members.values() if len(steps) > 1 or graph.has_edge(steps[0], steps[0])]
    return tuple(step for number in order for step in members[number]), tuple(sorted(cycles))


def _shortest(graph: Arrows, steps: list[str]) -> tuple[str, ...]:
    """The shortest way round from the first of `steps`: a long tour through a tangle helps nobody."""
    first, inside = steps[0], graph.subgraph(steps)
    ways = [networkx.shortest_path(inside, after, first) for after in sorted(inside.successors(first))]
    way = min(ways, key=lambda found: (len(found), found))
    return (first, *way[:-1])
