"""Networks as text that other tools read."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import networkx
import pytest

from promptwire.documents import resources
from promptwire.language.check import load_graph
from promptwire.networks.formats import to_graphml, to_json
from promptwire.networks.pipeline import make_network


@pytest.mark.parametrize("name", resources.pipelines())
def test_json_and_graphml_give_the_same_graph_again(name: str) -> None:
    network = make_network(load_graph(name))
    read = networkx.node_link_graph(json.loads(to_json(network)), edges="edges")
    assert (dict(read.nodes), list(read.edges(data=True))) == (dict(network.nodes), list(network.edges(data=True)))
    again = networkx.read_graphml(io.BytesIO(to_graphml(network).encode()), force_multigraph=True)
    assert dict(again.nodes) == dict(network.nodes)
    assert sorted((a, b, d["port"]) for a, b, d in again.edges(data=True)) == sorted(
        (a, b, d["port"]) for a, b, d in network.edges(data=True)
    )


def test_graphml_is_xml_with_declared_keys_also_for_texts_that_xml_cannot_hold() -> None:
    network = networkx.DiGraph()
    network.add_node("a", text="<b> \ud800 \x00 & more")
    root = ElementTree.fromstring(to_graphml(network))  # noqa: S314 - our own text
    keys = {key.get("id") for key in root.findall("{*}key")}
    (data,) = root.iterfind(".//{*}node/{*}data")
    assert data.get("key") in keys
    assert data.text == "<b> \ufffd \ufffd & more"
    assert network.nodes["a"]["text"] == "<b> \ud800 \x00 & more"
