"""Finds cycles of steps, and the shortest path around each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from promptwire.graph.networks import networkx

if TYPE_CHECKING:
    Arrows = networkx.DiGraph[str]

__all__ = ["find_cycles"]


def find_cycles(needs: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Order the steps and find the cycles. Steps of a cycle are adjacent; each cycle is listed once, from step to step."""
    graph: Arrows = networkx.DiGraph()
    # Sorted, so that the result does not depend on the order in the file.
    graph.add_nodes_from(sorted(needs))
    graph.add_edges_from(sorted((need, name) for name, found in needs.items() for need in found))
    components = networkx.condensation(graph)
    members = {number: sorted(components.nodes[number]["members"]) for number in components}
    order = networkx.lexicographical_topological_sort(components, key=lambda number: members[number][0])
    cycles = [_shortest(graph, steps) for steps in members.values() if len(steps) > 1 or graph.has_edge(steps[0], steps[0])]
    return tuple(step for number in order for step in members[number]), tuple(sorted(cycles))


def _shortest(graph: Arrows, steps: list[str]) -> tuple[str, ...]:
    """Shortest cycle through the first of `steps`. A short one is easier to find in the file."""
    first, inside = steps[0], graph.subgraph(steps)
    ways = [networkx.shortest_path(inside, after, first) for after in sorted(inside.successors(first))]
    way = min(ways, key=lambda found: (len(found), found))
    return (first, *way[:-1])
