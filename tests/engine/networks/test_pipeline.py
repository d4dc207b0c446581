"""A pipeline as a networkx graph, and what depends on a step."""

from __future__ import annotations

import networkx
import pytest

from promptwire.documents import resources
from promptwire.language.check import load_graph
from promptwire.networks.pipeline import dependents, make_network


@pytest.mark.parametrize("name", resources.pipelines())
def test_without_the_wires_back_a_pipeline_has_no_cycle_and_all_nodes_have_plain_attributes(name: str) -> None:
    network = make_network(load_graph(name))
    forward = networkx.DiGraph((source, target) for source, target, back in network.edges(data="back") if not back)
    assert networkx.is_directed_acyclic_graph(forward)
    for facts in (*network.nodes.values(), *(facts for *_, facts in network.edges(data=True))):
        assert all(isinstance(value, str | bool) for value in facts.values())
        assert facts["kind"]


def test_steps_have_role_template_and_the_frame_around_them() -> None:
    network = make_network(load_graph("protegi"))
    edits = network.nodes["search.expand.family.edits"]
    assert (edits["role"], edits["template"], edits["inside"]) == ("meta", "protegi/edit.j2", "search.expand.family")
    assert network.nodes["search"]["type"] == "repeat $rounds = 6"
    assert network.nodes["search.select"]["settings"].startswith("policy ucb, keep 4")


def test_a_wire_of_a_frame_begins_at_the_step_that_makes_the_value() -> None:
    network = make_network(load_graph("protegi"))
    (wire,) = network.get_edge_data("search.expand.family.children", "search.select").values()
    assert (wire["port"], wire["reference"], wire["back"]) == ("prompts", "$expand.prompts", False)


@pytest.mark.parametrize(
    ("path", "inside", "outside"),
    [
        ("best", {"best", "outputs.prompt"}, {"search.scores"}),
        ("search.flat", {"search.log", "search.ideas", "best"}, {"first", "trainset", "search.problems"}),
        ("search.scores", {"search.longer", "search.top", "search.ideas", "best"}, {"first", "search.problems"}),
        ("trainset", {"first", "search.problems", "search.ideas"}, {"seed", "train"}),
    ],
)
def test_what_depends_on_a_step_includes_later_rounds_and_what_ends_the_loop(
    path: str, inside: set[str], outside: set[str]
) -> None:
    found = dependents(make_network(load_graph("opro")), path)
    assert found[0] == path
    assert inside <= set(found)
    assert not outside & set(found)
