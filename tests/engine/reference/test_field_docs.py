"""Docstrings of fields become descriptions on demand, bases and nested models included."""

from __future__ import annotations

from promptwire.reference.field_docs import add_field_docs, docstrings
from promptwire.values import Model


class Inner(Model):
    """One."""

    depth: int = 0
    """How deep."""


class Base(Model):
    """A base."""

    width: int = 1
    """How
    wide."""


class Outer(Base):
    """A whole."""

    parts: tuple[Inner, ...] = ()
    """What is in it."""
    bare: int = 0


def test_docstrings_are_those_of_the_class_itself() -> None:
    assert docstrings(Outer) == {"parts": "What is in it."}
    assert docstrings(Base) == {"width": "How\nwide."}


def test_fields_of_bases_and_nested_models_are_described() -> None:
    Outer(parts=(Inner(depth=3),))  # it may have been used before
    add_field_docs(Outer)
    found = Outer.model_json_schema()
    assert found["properties"]["width"]["description"] == "How\nwide."
    assert found["properties"]["parts"]["description"] == "What is in it."
    assert "description" not in found["properties"]["bare"]
    assert found["$defs"]["Inner"]["properties"]["depth"]["description"] == "How deep."
    assert Outer(parts=(Inner(depth=3),)).parts[0].depth == 3


def test_a_class_without_source_has_no_docstrings() -> None:
    made = type("Made", (Model,), {"__annotations__": {"x": int}, "x": 0, "__module__": "nowhere"})
    assert docstrings(made) == {}
