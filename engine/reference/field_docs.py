"""Docstrings of fields for node pages and the JSON Schema, read from source on demand.

pydantic can do this for every class when it is created. That took a sixth of the time of `promptwire check`, because it reads
and parses the source of each class. Only node pages and the schema for editors show the docstrings.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise

from promptwire.values import Model

__all__ = ["add_field_docs", "docstrings"]


def add_field_docs(*models: type[Model]) -> None:
    """Set field docstrings as descriptions, in `models`, their bases and nested models."""
    found = list(dict.fromkeys(one for model in models for one in _reached(model)))
    for model in found:
        for name, field in model.model_fields.items():
            if field.description is None:
                field.description = next((docs[name] for docs in map(docstrings, _line(model)) if name in docs), None)
    for model in reversed(found):  # nested models first: a model copies their schema
        model.model_rebuild(force=True)


def docstrings(model: type[Model]) -> dict[str, str]:
    """Docstring of each field that `model` itself declares; empty without source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            docstring = text.value.value if isinstance(text.value, ast.Constant) else None
            if isinstance(docstring, str):
                found[field.target.id] = inspect.cleandoc(docstring)
    return found


def _line(model: type[Model]) -> Iterator[type[Model]]:
    return (one for one in model.__mro__ if issubclass(one, Model))


def _reached(model: type[Model]) -> Iterator[type[Model]]:
    """`model`, and all models nested in its fields."""
    seen: set[type[Model]] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        yield one
        for field in one.model_fields.values():
            waiting += [part for part in _parts(field.annotation) if part not in seen]


def _parts(annotation: object) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _parts(part)
