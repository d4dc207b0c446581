"""Steps inside of steps."""

from __future__ import annotations

from promptwire.graph.nesting import every_step, inner_graph
from promptwire.language.check import load_graph


def test_every_step_is_given_once_before_those_inside_it() -> None:
    paths = [step.path for step in every_step(load_graph("protegi"))]
    assert len(paths) == len(set(paths))
    assert paths[:4] == ["search", "search.expand", "search.expand.minibatch", "search.expand.family"]
    assert paths[-1] == "best"


def test_a_call_of_a_node_has_no_inner_graph() -> None:
    found = {step.path: inner_graph(step) is not None for step in every_step(load_graph("protegi"))}
    assert (found["search"], found["search.expand"], found["best"]) == (True, True, False)
