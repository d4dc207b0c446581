"""Values on a wire: their conversion, truth, empty values and JSON.

A wire may widen a value (one prompt becomes a set of one), form a union (a list of references), or split and join a set
(`each`). A value is not changed in any other way between two nodes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

from promptwire.errors import NodeError
from promptwire.graph.port_types import SETS, WIDER, joined_type, name_of, type_of
from promptwire.values import Critiques, Example, Examples, Failures, Families, History, Model, Prompt, Prompts, Scores
from promptwire.values.score_text import scores_text

__all__ = ["as_set", "elements", "empty", "is_true", "join_values", "outputs_text", "to_json", "union", "widen"]

_JSON: Final = json.JSONEncoder(separators=(",", ":"))


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
        raise NodeError(f"got {type(value).__name__} where {name_of(kind)} is expected")
    return value


def as_set(value: Any) -> Any:
    """The set of one `value` that has no empty value itself; a set unchanged."""
    if isinstance(value, Example):
        return Examples(items=(value,))
    return Prompts(items=(value,)) if isinstance(value, Prompt) else value


def is_true(value: Any) -> bool:
    """Whether `value` counts as true in `when`, `unless` and `until`: a Bool itself, a set when it is not empty."""
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, Scores):
        return bool(value.rows)
    return len(value) > 0


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
        return parts[0] if len(parts) == 1 else Scores.merged(parts)
    if kind is Failures:
        return Failures(groups=tuple(chain.from_iterable(part.groups for part in parts)))
    if kind in (Critiques, Families):
        return kind(items=tuple(chain.from_iterable(part.items for part in parts)))
    if len(parts) == 1:
        return parts[0]
    raise NodeError(f"several values of type {name_of(kind)} have no union")


def _whole(values: Sequence[Any]) -> type:
    """Set type that holds all of `values`; List when there is none, as for numbers."""
    kinds = {type(value) for value in values if value is not None}
    for kind in SETS:
        if kinds and all(given is kind or WIDER.get(given) is kind for given in kinds):
            return kind
    return list


def empty(kind: type) -> Any:
    """Empty value of `kind`, for a state without `start` and for a step that is not run.

    Raises TypeError for Prompt and Example.
    """
    if kind in (Prompt, Example):
        raise TypeError(f"{name_of(kind)} has no empty value")
    return kind()


def elements(value: Any) -> tuple[Any, ...]:
    """Elements of a set, in the order that `each` uses."""
    if isinstance(value, Failures):
        return tuple(Failures(groups=(group,)) for group in value.groups)
    if isinstance(value, Critiques | Families):
        return tuple(type(value).model_validate({"items": (item,)}) for item in value.items)
    if isinstance(value, Prompts | Examples):
        return tuple(value.items)
    return tuple(value)


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


def outputs_text(outputs: Mapping[str, Any]) -> str:
    """The compact JSON text of a step's `outputs`, in ASCII: that of `to_json` of each."""
    return f"{{{','.join(f'{_JSON.encode(name)}:{_text(value)}' for name, value in outputs.items())}}}"


def _text(value: Any) -> str:
    return scores_text(value) if isinstance(value, Scores) else _JSON.encode(to_json(value))
