"""Networks as text that other tools read: JSON in the node-link form of networkx, and GraphML."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from promptwire.graph.networks import networkx

if TYPE_CHECKING:
    AnyNetwork = networkx.DiGraph[str] | networkx.MultiDiGraph[str]

__all__ = ["to_graphml", "to_json"]

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML can't hold, such as a lone surrogate of a broken reply."""


def to_json(network: AnyNetwork) -> str:
    """The network as JSON; `networkx.node_link_graph(..., edges="edges")` reads it again."""
    return json.dumps(networkx.node_link_data(network, edges="edges"), indent=1) + "\n"


def to_graphml(network: AnyNetwork) -> str:
    """The network as GraphML; `networkx.read_graphml`, Gephi, yEd and igraph read it."""
    plain = network.copy()
    for facts in (plain.graph, *plain.nodes.values(), *(facts for *_, facts in plain.edges(data=True))):
        facts.update({name: _clean(value) for name, value in facts.items()})
    return "\n".join(networkx.generate_graphml(plain)) + "\n"


def _clean(value: Any) -> Any:
    return _NO_XML.sub("\ufffd", value) if isinstance(value, str) else value
