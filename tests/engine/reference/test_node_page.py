"""The page of a node type shows its fields, defaults and an example."""

from __future__ import annotations

import pytest

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import UsageError
from promptwire.graph.step_keys import STEP_KEYS, keys_of
from promptwire.reference.node_page import node_page
from promptwire.registry.node_types import Registry


@pytest.mark.parametrize("name", Registry())
def test_every_field_of_every_node_is_on_its_page(name: str) -> None:
    kind, page = Registry()[name], node_page(name)
    words = " ".join(page.split())
    for schema in (kind.inputs, kind.params, kind.outputs, kind.slots):
        for key, field in schema.model_fields.items() if schema else ():
            assert key.rstrip("_") in page
            assert field.description, f"{name}.{key} has no docstring"
            assert " ".join(field.description.split()) in words
    assert all(len(line) <= 128 for line in page.splitlines())


@pytest.mark.parametrize("name", Registry())
def test_the_example_is_a_call_of_the_node(name: str) -> None:
    example = node_page(name).partition("\nexample (")[2].partition("\n")[2]
    (node,) = read_yaml_text(example, "example").data.values()
    assert node["use"] == name


def test_defaults_ranges_and_choices_are_shown() -> None:
    page = " ".join(node_page("beam-select").split())
    assert "pulls int, at least 1, default 2048" in page
    assert "top | uniform | ucb" in page
    assert "by list of examples | score | length, default [examples]" in " ".join(node_page("pareto").split())


def test_the_fields_of_template_variables_are_shown() -> None:
    page = " ".join(node_page("edit").split())
    assert "Critique has text, prompt, cases, conversation, marks Failure has example, output, answer, value" in page
    assert "Pair has example, a, b" in " ".join(node_page("duel").split())
    assert "fields of these values" not in node_page("sample")


@pytest.mark.parametrize("name", ["count", "compose", "generate", "evaluate"])
def test_the_engine_keys_of_a_node_and_those_of_every_step_are_shown(name: str) -> None:
    page = node_page(name).partition("\nengine keys\n")[2].partition("\n\n")[0]
    assert all(f"\n  {key} " in f"\n{page}" for key in (*keys_of(Registry()[name]), *STEP_KEYS))


def test_an_unknown_node_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'evaluate'"):
        node_page("evalute")
