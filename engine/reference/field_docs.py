"""The docstrings of fields, for manuals and editors: read from the source when somebody wants them, and not before.

pydantic can do this for every class as it is made, which took a sixth of the time of `promptwire check`: it reads and parses
the source of each. Only the pages about nodes and the schema for editors show them.
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
    """Give every field of `models`, of their bases and of the models in them its docstring as description."""
    found = list(dict.fromkeys(one for model in models for one in _reached(model)))
    for model in found:
        for name, field in model.model_fields.items():
            if field.description is None:
                field.description = next((docs[name] for docs in map(docstrings, _line(model)) if name in docs), None)
    for model in reversed(found):  # those inside first: a model takes over what is made of them
        model.model_rebuild(force=True)


def docstrings(model: type[Model]) -> dict[str, str]:
    """The docstring under each field that `model` itself declares; none where there is no source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            said = text.value.value if isinstance(text.value, ast.Constant) else None
            if isinstance(said, str):
                found[field.target.id] = inspect.cleandoc(said)
    return found


def _line(model: type[Model]) -> Iterator[type[Model]]:
    return (one for one in model.__mro__ if issubclass(one, Model))


def _reached(model: type[Model]) -> Iterator[type[Model]]:
    """`model`, and every model that a field of it may hold, however deep; each may come more than once."""
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
