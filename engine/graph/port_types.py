"""Port types: their names, what fits where, and what happens to a value on its way.

A wire may widen (one prompt is a set of one), unite (a list of references), or be taken apart and joined (`each`); nothing
else happens to a value between two nodes. Types are plain Python classes, so that nodes need no vocabulary of ours.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from functools import cache, reduce
from itertools import chain
from typing import Any, Final, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from promptwire.errors import NodeError
from promptwire.values import Critiques, Example, Examples, Failures, Families, History, Model, Prompt, Prompts, Scores

__all__ = [
    "TYPES",
    "WIDER",
    "element_type",
    "elements",
    "empty",
    "fits",
    "from_json",
    "is_optional",
    "is_set",
    "join_values",
    "joined_type",
    "name_of",
    "to_json",
    "type_of",
    "union",
    "widen",
]

TYPES: Final[dict[str, type]] = {
    "Prompt": Prompt,
    "Prompts": Prompts,
    "Example": Example,
    "Examples": Examples,
    "Scores": Scores,
    "Failures": Failures,
    "Critiques": Critiques,
    "Families": Families,
    "History": History,
    "Bool": bool,
    "Int": int,
    "Float": float,
    "Text": str,
    "List": list,
}
"""Port type names and the Python types of their values."""

_NAMES: Final = {kind: name for name, kind in TYPES.items()}
WIDER: Final[dict[type, type]] = {Prompt: Prompts, Failures: Examples, int: float}
"""What a type may become on its way; nothing else."""
_PARTS: Final[dict[type, type]] = {
    Prompts: Prompt,
    Examples: Example,
    Failures: Failures,
    Critiques: Critiques,
    Families: Families,
}
"""What `each` takes out of a set; failures, critiques and families come as sets of one, for a group alone has no port type."""
_JOINED: Final[dict[type, type]] = {Prompt: Prompts, Example: Examples, bool: list, int: list, float: list, str: list}


def is_optional(annotation: Any) -> bool:
    """Whether `annotation` allows None."""
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def type_of(annotation: Any) -> type:
    """The port type behind an annotation such as `Prompts | None` or `tuple[str, ...]`.

    Raises TypeError for an annotation that is no port type: that is a fault of the node's author.
    """
    return _type_of(annotation)


@cache
def _type_of(annotation: Any) -> type:
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        if len(inner) == 1:
            return _type_of(inner[0])
    kind = get_origin(annotation) or annotation
    if kind in (list, tuple) or kind is Sequence:
        return list
    if kind not in _NAMES:
        raise TypeError(f"{annotation} is no port type; port types: {', '.join(TYPES)}")
    found: type = kind
    return found


def name_of(annotation: Any) -> str:
    """The port type's name.

    >>> name_of(Prompts | None), name_of(tuple[str, ...])
    ('Prompts', 'List')
    """
    return _NAMES[type_of(annotation)]


def fits(given: type, wanted: type) -> bool:
    """Whether a value of type `given` may go where `wanted` is expected, as it is or widened."""
    return given is wanted or WIDER.get(given) is wanted


def widen(value: Any, annotation: Any) -> Any:
    """`value` as the port type behind `annotation`; None, an input left unset, stays None. Raises NodeError for a misfit."""
    kind = type_of(annotation)
    if value is None:
        return None
    if kind is Prompts and isinstance(value, Prompt):
        return Prompts(items=(value,))
    if kind is Examples and isinstance(value, Failures):
        return Examples.of(case.example for group in value.groups for case in group.cases)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    right = isinstance(value, list | tuple) if kind is list else isinstance(value, kind)
    if not right or (kind is int and isinstance(value, bool)):
        raise NodeError(f"got {type(value).__name__} where {_NAMES[kind]} is expected")
    return value


def is_set(kind: type) -> bool:
    """Whether several values of `kind` have a union."""
    return kind in (Prompts, Examples, Scores, Failures, Critiques, Families, list)


def union(values: Sequence[Any], annotation: Any) -> Any:
    """The union of `values` as the port type behind `annotation`, in the written order; without one, as the values' own.

    Raises NodeError for a type without union.
    """
    kind = _whole(values) if annotation is None else type_of(annotation)
    if kind is list:
        return list(chain.from_iterable(value if isinstance(value, list | tuple) else [value] for value in values))
    parts = [widen(value, kind) for value in values if value is not None]
    if not parts:
        return empty(kind)
    if kind is Prompts:
        return Prompts.of(chain.from_iterable(part.items for part in parts))
    if kind is Examples:
        return Examples.of(chain.from_iterable(part.items for part in parts))
    if kind is Scores:
        return reduce(Scores.merge, parts)
    if kind is Failures:
        return Failures(groups=tuple(chain.from_iterable(part.groups for part in parts)))
    if kind in (Critiques, Families):
        return kind(items=tuple(chain.from_iterable(part.items for part in parts)))
    if len(parts) == 1:
        return parts[0]
    raise NodeError(f"several values of type {_NAMES[kind]} have no union")


def _whole(values: Sequence[Any]) -> type:
    """The set type that holds all of `values`; List when there is none, as for numbers."""
    kinds = {type(value) for value in values if value is not None}
    for kind in (Prompts, Examples, Scores, Failures, Critiques, Families):
        if kinds and all(given is kind or WIDER.get(given) is kind for given in kinds):
            return kind
    return list


def empty(kind: type) -> Any:
    """The value of `kind` that a state without `start` begins with. Raises TypeError for Prompt and Example: they have none."""
    if kind in (Prompt, Example):
        raise TypeError(f"{_NAMES[kind]} has no empty value")
    return kind()


def element_type(kind: type) -> type | None:
    """The type of one element of a set; None for what is no set, and for List, whose elements have any type."""
    return _PARTS.get(kind)


def elements(value: Any) -> tuple[Any, ...]:
    """The elements that `each` takes in turn."""
    if isinstance(value, Failures):
        return tuple(Failures(groups=(group,)) for group in value.groups)
    if isinstance(value, Critiques | Families):
        return tuple(type(value).model_validate({"items": (item,)}) for item in value.items)
    if isinstance(value, Prompts | Examples):
        return tuple(value.items)
    return tuple(value)


def joined_type(kind: type) -> type:
    """The type of the joined outputs of elements that each gave a `kind`."""
    return _JOINED.get(kind, kind)


def join_values(values: Sequence[Any], kind: type) -> Any:
    """The outputs of all elements, each of type `kind`, as one value of type `joined_type(kind)`, in element order."""
    if kind is Example:
        return Examples.of(values)
    if kind is History:
        entries = chain.from_iterable(value.entries for value in values)
        return History(entries=tuple({entry.prompt.id: entry for entry in entries}.values()), rounds=len(values))
    return union(values, joined_type(kind))


def to_json(value: Any) -> Any:
    """`value` as JSON values."""
    if isinstance(value, Model):
        return value.model_dump(mode="json")
    return [to_json(item) for item in value] if isinstance(value, list | tuple) else value


def from_json(data: Any, kind: type) -> Any:
    """The value of type `kind` that `to_json` gave `data` for. Raises NodeError for anything else."""
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as cause:
        raise NodeError(f"the data hold no {_NAMES[kind]}: {cause.errors()[0]['msg']}") from cause
