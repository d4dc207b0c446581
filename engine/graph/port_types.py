"""Port types: names, compatibility, and the types of sets and their elements.

Types are plain Python classes, so nodes need no special types. What a wire does to a value is in `port_values`.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Union, get_args, get_origin

from promptwire.values import Critiques, Example, Examples, Failures, Families, History, Prompt, Prompts, Scores
from promptwire.values.members import MEMBER_SETS, MembersPort, takes_members

__all__ = [
    "SETS",
    "SET_OF",
    "TYPES",
    "WIDER",
    "can_be_true",
    "element_type",
    "fits",
    "is_optional",
    "is_set",
    "joined_type",
    "member_sets",
    "name_of",
    "set_of",
    "type_of",
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
SETS: Final = (Prompts, Examples, Scores, Failures, Critiques, Families)
"""Types of sets that have a union, beside List."""

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


def is_set(kind: type) -> bool:
    """Whether several values of `kind` have a union."""
    return kind in (*SETS, MembersPort, list)


def can_be_true(kind: type) -> bool:
    """Whether `is_true` takes values of `kind`."""
    return kind in (bool, History) or is_set(kind)


def element_type(kind: type) -> type | None:
    """Type of one element of a set. None for other types, and for List, whose elements have any type."""
    return _PARTS.get(kind)


def joined_type(kind: type) -> type:
    """Type of the joined outputs of all elements, each of type `kind`."""
    return _JOINED.get(kind, kind)
