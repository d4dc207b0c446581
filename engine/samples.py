"""Sample values of any port type, so that a template can be rendered before there is anything real to render.

The checker renders every template once with these under StrictUndefined: a wrong attribute such as `entry.scroe` is found
before a call is paid. Containers hold two elements, so that a loop's separator is exercised too.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from promptwire.values import Model

__all__ = ["sample", "samples"]


def samples(slots: type[Model] | None, given: Mapping[str, type]) -> dict[str, Any]:
    """A sample for each field of `slots` and each name in `given`."""
    fields = {name: field.annotation for name, field in slots.model_fields.items()} if slots else {}
    return {name: sample(annotation) for name, annotation in {**fields, **given}.items()}


def sample(annotation: Any) -> Any:
    """A value of type `annotation`; a word for a type that is not known.

    >>> sample(int), sample(str), sample(tuple[float, ...])
    (1, 'text', (0.5, 0.5))
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return sample(next(argument for argument in arguments if argument is not type(None)))
    if origin is typing.Literal:
        return arguments[0]
    if origin in (tuple, list):
        return tuple(sample(arguments[0]) for _ in range(2))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        values = {name: sample(field.annotation) for name, field in annotation.model_fields.items()}
        return annotation.model_construct(**values)
    plain: dict[Any, Any] = {
        bool: True,
        int: 1,
        float: 0.5,
        str: "text",
        dict: {},
        tuple: ("text", "text"),
        list: ["text", "text"],
    }
    return plain.get(origin or annotation, "text")
