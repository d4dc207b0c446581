"""Sample values of any port type, for rendering a template before a run.

The checker renders every template once with sample values under StrictUndefined. So a wrong attribute such as `entry.scroe` is
found before a call is paid. Containers hold two elements, so that a loop's separator is tested too.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from promptwire.values import Examples, Marks, Model, Prompts, Row, Scores
from promptwire.values.members import MEMBER_TYPES, prompt_of

__all__ = ["AnyName", "Own", "is_setting", "member_samples", "sample", "samples", "unmarked"]


Own = Callable[[Any, str], Any]
"""Gives the value of a type for a name in a way of its own; None for a type that it leaves to `sample`."""


class AnyName(dict[str, Any]):
    """Companions or marks that have every name: `make` gives the value of a name. `names` are there from the start."""

    def __init__(self, make: Callable[[str], Any], names: Iterable[str] = ("name",)) -> None:
        super().__init__({name: make(name) for name in names})
        self._make = make

    def __missing__(self, name: str) -> Any:
        return self._make(name)


def samples(slots: type[Model] | None, given: Mapping[str, type]) -> dict[str, Any]:
    """A sample value for each field of `slots` and each name in `given`."""
    fields = {name: field.annotation for name, field in slots.model_fields.items()} if slots else {}
    return {name: sample(annotation) for name, annotation in {**fields, **given}.items()}


def _rows(prompts: Prompts, examples: Examples, like: Sequence[Row]) -> tuple[Row, ...]:
    """A row for each pair, so that the answers of a prompt can be read with their examples."""
    pairs = dict.fromkeys((prompt.id, example.id) for prompt in prompts.items for example in examples.items)
    return tuple(dataclasses.replace(row, prompt=prompt, example=example) for prompt, example in pairs for row in like[:2])


def member_samples(members: type) -> dict[str, Any]:
    """Sample values of `item` and `prompt` for a member of a set of this type."""
    item = sample(MEMBER_TYPES[members])
    return {"item": item, "prompt": prompt_of(item)}


def unmarked(value: Any) -> Any:
    """`value` with no mark set, in all values inside it: a mark is then 0, as at the start of a run."""
    if isinstance(value, tuple | list):
        return type(value)(unmarked(one) for one in value)
    if not isinstance(value, Model):
        return value
    inside = {name: getattr(value, name) for name in type(value).model_fields}
    return value.model_copy(update={name: Marks() if name == "marks" else unmarked(one) for name, one in inside.items()})


def is_setting(annotation: Any) -> bool:
    """Whether a slot of this type is a plain number or switch, not the value of a wire.

    >>> is_setting(int | None), is_setting(str)
    (True, False)
    """
    kinds = typing.get_args(annotation) or (annotation,)
    return all(kind in (int, float, bool, type(None)) for kind in kinds)


def sample(annotation: Any, name: str = "", own: Own | None = None) -> Any:
    """A value of type `annotation`; a word for an unknown type. `own` is asked first, also for the values inside.

    >>> sample(int), sample(str), sample(tuple[float, ...])
    (1, 'text', (0.5, 0.5))
    """
    if own is not None and (found := own(annotation, name)) is not None:
        return found
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return sample(next(argument for argument in arguments if argument is not type(None)), name, own)
    if origin is typing.Literal:
        return arguments[0]
    if origin in (tuple, list):
        return tuple(sample(arguments[0], name, own) for _ in range(2))
    if origin is dict and arguments[1] in (str, float):
        return AnyName(lambda key: sample(arguments[1], key, own))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        values = {key: sample(field.annotation, key, own) for key, field in annotation.model_fields.items()}
        if annotation is Scores:
            values["rows"] = _rows(values["prompts"], values["examples"], values["rows"])
        return annotation.model_construct(**values)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        hints = typing.get_type_hints(annotation)
        return annotation(
            **{field.name: sample(hints[field.name], field.name, own) for field in dataclasses.fields(annotation)}
        )
    plain: dict[Any, Any] = {
        bool: True,
        int: 1,
        float: 0.5,
        str: "text",
        dict: {},
        tuple: ("text", "text"),
        list: ["text", "text"],
    }
    kind = origin or annotation
    return plain[kind] if kind in plain else sample(str, name, own)
