"""A pipeline as a networkx graph with plain attributes.

A node is a step, an input, an output or a carried value; its key is the dotted path. Loops, `each` steps and inner pipelines
are nodes too: `inside` names the one around a node. An edge is a wire. A wire of a frame begins at the inner step that makes
the value. An edge with `back` feeds the next round, as do those of the kind `until`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptwire.drawing.diagram import Box, all_boxes, make_diagram, makers
from promptwire.graph.nesting import every_step
from promptwire.graph.networks import networkx
from promptwire.graph.steps import Graph, RepeatStep

if TYPE_CHECKING:
    Network = networkx.MultiDiGraph[str]

__all__ = ["dependents", "make_network"]


def make_network(graph: Graph) -> Network:
    """The checked `graph` as a directed graph with several edges between two nodes."""
    boxes, arrows = make_diagram(graph)
    by_path = {box.path: box for box in all_boxes(boxes)}
    network: Network = networkx.MultiDiGraph(name=graph.name, doc=graph.doc)
    network.add_nodes_from((path, _attributes(box)) for path, box in by_path.items())
    for arrow in arrows:
        for source, _ in makers(arrow.source, arrow.output, by_path):
            facts = {"port": arrow.port, "output": arrow.output, "reference": arrow.ref, "kind": "wire", "back": arrow.back}
            network.add_edge(source, arrow.target, **facts)
    for box in by_path.values():
        gates = [child.path for child in box.children if child.kind == "gate"]
        inner = [one.path for one in all_boxes(box.children) if one.path not in gates and not one.children]
        facts = {"port": "", "output": "", "reference": "", "kind": "when", "back": False}
        network.add_edges_from((gate, one, dict(facts)) for gate in gates for one in inner)
    for step in every_step(graph):
        if isinstance(step, RepeatStep):
            _add_until(network, step)
    return network


def dependents(network: Network, path: str) -> tuple[str, ...]:
    """Paths of the steps that can change when the step at `path` changes, itself first, then in the order of the file.

    The rounds of a loop count: a step that comes before `path` in a round depends on the round before. A frame stands for all
    steps in it.
    """
    inner = [one for one in network if one == path or one.startswith(f"{path}.")]
    reached = {*inner, *(one for start in inner for one in networkx.descendants(network, start))}
    frames = {"loop", "each", "pipeline"}
    return (path, *(one for one in network if one in reached and one != path and network.nodes[one]["kind"] not in frames))


def _attributes(box: Box) -> dict[str, str]:
    """Plain attributes: texts that every format can hold."""
    template = [part for part in box.details if part.endswith(".j2")]
    settings = [part for part in box.details if part not in template]
    facts = {"name": box.name, "kind": box.kind, "type": box.caption, "role": box.role, "inside": box.path.rpartition(".")[0]}
    return {**facts, "template": "".join(template), "settings": ", ".join(settings)}


def _add_until(network: Network, loop: RepeatStep) -> None:
    """Edges from what ends the loop to what it carries: the number of rounds decides the last values."""
    for ref in loop.until:
        source = f"{loop.path}.{ref.name}"
        for state in loop.carry if source in network else ():
            facts = {"port": "until", "output": ref.port or "", "reference": str(ref), "kind": "until", "back": True}
            network.add_edge(source, f"{loop.path}.{state}", **facts)
