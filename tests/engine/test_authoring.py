"""What plug-ins import is what the built-in nodes are written with."""

from __future__ import annotations

from promptwire import authoring, node
from promptwire.values import prompts


def test_every_name_is_there_and_is_the_engines_own() -> None:
    assert all(getattr(authoring, name) is not None for name in authoring.__all__)
    assert (authoring.node, authoring.Prompts) == (node.node, prompts.Prompts)
