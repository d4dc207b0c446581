"""Port types: names, compatibility, and conversion of values on a wire.

A wire may widen a value (one prompt becomes a set of one), form a union (a list of references), or split and join a set
(`each`). A value is not changed in any other way between two nodes. Types are plain Python classes, so nodes need no special
types.
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
from promptwire.values.members import MEMBER_SETS, MembersPort, takes_members

__all__ = [
    "SET_OF",
    "TYPES",
    "WIDER",
    "as_set",
    "can_be_true",
    "element_type",
    "elements",
    "empty",
    "fits",
    "from_json",
    "is_optional",
    "is_set",
    "is_true",
    "join_values",
    "joined_type",
    "member_sets",
    "name_of",
    "set_of",
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
"""Python type by port type name."""

_NAMES: Final = {**{kind: name for name, kind in TYPES.items()}, MembersPort: "Members"}
WIDER: Final[dict[type, type]] = {Prompt: Prompts, Example: Examples, Failures: Examples, int: float}
"""The only allowed widenings, by type."""
SET_OF: Final[dict[type, type]] = {Prompt: Prompts, Example: Examples}
"""Set type of each type that has no empty value."""
_PARTS: Final[dict[type, type]] = {
    Prompts: Prompt,
    Examples: Example,
    Failures: Failures,
    Critiques: Critiques,
    Families: Families,
}
"""Element type of each set type. Failures, critiques and families give sets of one: a single group has no port type."""
_JOINED: Final[dict[type, type]] = {Prompt: Prompts, Example: Examples, bool: list, int: list, float: list, str: list}


def member_sets(annotation: Any) -> tuple[type, ...]:
    """Types of the sets that a port of type Members with this annotation takes."""
    return tuple(get_origin(part) or part for part in get_args(annotation) if part is not type(None))


def is_optional(annotation: Any) -> bool:
    """Whether `annotation` allows None."""
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def type_of(annotation: Any) -> type:
    """Port type of an annotation such as `Prompts | None` or `tuple[str, ...]`.

    Raises TypeError for an annotation that is not a port type; the node's author must correct it.
    """
    return _type_of(annotation)


@cache
def _type_of(annotation: Any) -> type:
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        if len(inner) == 1:
            return _type_of(inner[0])
        if takes_members(annotation):
            return MembersPort
    kind = get_origin(annotation) or annotation
    if kind in (list, tuple) or kind is Sequence:
        return list
    if kind not in _NAMES:
        raise TypeError(f"{annotation} is not a port type; port types: {', '.join(TYPES)}")
    found: type = kind
    return found


def name_of(annotation: Any) -> str:
    """Name of an annotation's port type.

    >>> name_of(Prompts | None), name_of(tuple[str, ...])
    ('Prompts', 'List')
    """
    return _NAMES[type_of(annotation)]


def fits(given: type, wanted: type) -> bool:
    """Whether type `given` is accepted where `wanted` is expected, unchanged or widened."""
    if wanted is MembersPort:
        return set_of(given) is not None
    return given is wanted or WIDER.get(given) is wanted


def set_of(given: type | None) -> type | None:
    """Type of the set that a value of type `given` makes on a port of type Members; None when it makes none."""
    return given if given in MEMBER_SETS else Prompts if given is Prompt else None


def widen(value: Any, annotation: Any) -> Any:
    """Widen `value` to the port type of `annotation`; None (unset) stays None. Raises NodeError for a wrong type."""
    kind = type_of(annotation)
    if value is None:
        return None
    if kind is Prompts and isinstance(value, Prompt):
        return Prompts(items=(value,))
    if kind is Examples and isinstance(value, Example):
        return Examples(items=(value,))
    if kind is Examples and isinstance(value, Failures):
        return Examples.of(case.example for group in value.groups for case in group.cases)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    right = isinstance(value, list | tuple) if kind is list else isinstance(value, kind)
    if not right or (kind is int and isinstance(value, bool)):
        raise NodeError(f"got {type(value).__name__} where {_NAMES[kind]} is expected")
    return value


def as_set(value: Any) -> Any:
    """The set of one `value` that has no empty value itself; a set unchanged."""
    if isinstance(value, Example):
        return Examples(items=(value,))
    return Prompts(items=(value,)) if isinstance(value, Prompt) else value


def is_set(kind: type) -> bool:
    """Whether several values of `kind` have a union."""
    return kind in (MembersPort, Prompts, Examples, Scores, Failures, Critiques, Families, list)


def is_true(value: Any) -> bool:
    """Whether `value` counts as true in `when`, `unless` and `until`: a Bool itself, a set when it is not empty."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, Scores):
        return bool(value.rows)
    return len(value) > 0


def can_be_true(kind: type) -> bool:
    """Whether `is_true` takes values of `kind`."""
    return kind in (bool, History) or is_set(kind)


def union(values: Sequence[Any], annotation: Any) -> Any:
    """Union of `values` in the written order. Its type is that of `annotation`, or of the values when it is None.

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
    """Set type that holds all of `values`; List when there is none, as for numbers."""
    kinds = {type(value) for value in values if value is not None}
    for kind in (Prompts, Examples, Scores, Failures, Critiques, Families):
        if kinds and all(given is kind or WIDER.get(given) is kind for given in kinds):
            return kind
    return list


def empty(kind: type) -> Any:
    """Empty value of `kind`, for a state without `start` and for a step that is not run.

    Raises TypeError for Prompt and Example.
    """
    if kind in (Prompt, Example):
        raise TypeError(f"{_NAMES[kind]} has no empty value")
    return kind()


def element_type(kind: type) -> type | None:
    """Type of one element of a set. None for other types, and for List, whose elements have any type."""
    return _PARTS.get(kind)


def elements(value: Any) -> tuple[Any, ...]:
    """Elements of a set, in the order that `each` uses."""
    if isinstance(value, Failures):
        return tuple(Failures(groups=(group,)) for group in value.groups)
    if isinstance(value, Critiques | Families):
        return tuple(type(value).model_validate({"items": (item,)}) for item in value.items)
    if isinstance(value, Prompts | Examples):
        return tuple(value.items)
    return tuple(value)


def joined_type(kind: type) -> type:
    """Type of the joined outputs of all elements, each of type `kind`."""
    return _JOINED.get(kind, kind)


def join_values(values: Sequence[Any], kind: type) -> Any:
    """Join the outputs of all elements, in element order. Each has type `kind`; the result has `joined_type(kind)`."""
    if kind is Example:
        return Examples.of(values)
    if kind is History:
        entries = chain.from_iterable(value.entries for value in values)
        return History(entries=tuple({entry.prompt.id: entry for entry in entries}.values()), rounds=len(values))
    return union(values, joined_type(kind))


def to_json(value: Any) -> Any:
    """Convert `value` to JSON values."""
    if isinstance(value, Model):
        return value.model_dump(mode="json")
    return [to_json(item) for item in value] if isinstance(value, list | tuple) else value


def from_json(data: Any, kind: type) -> Any:
    """Convert `data` from `to_json` back to a value of type `kind`. Raises NodeError for other data."""
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as cause:
        raise NodeError(f"the data are not of type {_NAMES[kind]}: {cause.errors()[0]['msg']}") from cause
