"""The names that plug-ins import are those of the built-in nodes."""

from __future__ import annotations

import inspect

import pytest

from promptwire import authoring, bounds, errors, node, values
from promptwire.metrics import metric
from promptwire.stats import prompt_score

HOMES = (bounds, errors, metric, node, prompt_score, values)


@pytest.mark.parametrize("name", authoring.__all__)
def test_each_name_is_the_object_of_the_engines_own_module(name: str) -> None:
    assert any(name in home.__all__ and getattr(authoring, name) is getattr(home, name) for home in HOMES)


def test_every_public_class_and_function_is_exported() -> None:
    own = {name for name, value in vars(authoring).items() if inspect.isclass(value) or inspect.isfunction(value)}
    assert own <= set(authoring.__all__)
