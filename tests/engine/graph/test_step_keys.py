"""Engine keys: which node type takes which."""

from __future__ import annotations

import pytest

from promptwire.graph.step_keys import ENGINE_KEYS, keys_of
from promptwire.registry.node_types import Registry

TYPES = Registry()


@pytest.mark.parametrize(
    ("node_type", "missing"),
    [("generate", {"metric"}), ("evaluate", {"with", "parse"}), ("dedupe", set(ENGINE_KEYS))],
)
def test_keys_follow_from_what_the_node_type_does(node_type: str, missing: set[str]) -> None:
    """A node that renders no template has no `with` and no `parse`, one that scores nothing no `metric`, one without a model none at all."""
    assert keys_of(TYPES[node_type]) == tuple(key for key in ENGINE_KEYS if key not in missing)


@pytest.mark.parametrize("node_type", list(TYPES))
def test_no_field_of_a_node_has_the_name_of_an_engine_key(node_type: str) -> None:
    kind = TYPES[node_type]
    names = {name.rstrip("_") for name in (*kind.inputs.model_fields, *kind.params.model_fields)}
    assert not names & {*ENGINE_KEYS, "use"}
