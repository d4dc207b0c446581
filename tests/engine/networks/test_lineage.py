"""Prompts of a run and their parents."""

from __future__ import annotations

from pathlib import Path

import networkx
import pytest

import promptwire
from promptwire.networks.lineage import lineage_dot, lineage_text, make_lineage


@pytest.fixture(scope="module")
def run() -> promptwire.Run:
    options = promptwire.Options(models={"task": "scripted:planted"}, params={"steps": "3", "population": "4"})
    return promptwire.Run.open(Path(promptwire.run("evoprompt-ga", "planted", options).run))


def test_children_follow_their_parents_and_one_prompt_is_the_best(run: promptwire.Run) -> None:
    network = make_lineage(run)
    known = {one.id: one for one in run.candidates}
    assert set(network) == set(known)
    assert network.number_of_edges() > 0
    for parent, child in network.edges:
        assert parent in known[child].parents
    assert [network.nodes[one]["text"] for one in network if network.nodes[one]["best"]] == [run.best.text if run.best else ""]


def test_the_text_has_one_line_for_each_prompt_and_the_dot_one_box(run: promptwire.Run) -> None:
    network = make_lineage(run)
    assert len(lineage_text(network).splitlines()) == len(network)
    assert lineage_dot(network).count("[label=") == len(network)
    assert lineage_dot(network).count(" -> ") == network.number_of_edges()


def test_a_long_chain_of_parents_is_printed_without_a_deep_recursion() -> None:
    network = networkx.path_graph([str(n) for n in range(5000)], create_using=networkx.DiGraph)
    for facts in network.nodes.values():
        facts.update(text="t", made_by="", round="", best=False)
    assert len(lineage_text(network).splitlines()) == 5000


def test_texts_are_shortened_to_the_width_but_not_below_what_can_be_read() -> None:
    network = networkx.DiGraph()
    network.add_node("a", text="word " * 30, made_by="search.ideas", round="1", best=False)
    assert [len(lineage_text(network, width).splitlines()[0]) for width in (None, 60)] == [87, 60]
    assert len(lineage_text(network, 10).splitlines()[0]) == 47
