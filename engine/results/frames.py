"""Rows, candidates and other values as flat records, and as a DataFrame where pandas or polars is installed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any, Final, Literal

from promptwire.errors import UsageError
from promptwire.values import Example, Model, Prompt

__all__ = ["to_frame", "to_records"]

Library = Literal["pandas", "polars"]
_LIBRARIES: Final[tuple[Library, ...]] = ("pandas", "polars")
_PROPERTIES: Final = ("change", "id", "text", "score")
"""Properties of a value that are columns too."""


def to_records(values: Iterable[Any]) -> list[dict[str, Any]]:
    """Return `values`, such as `Run.rows()` or `Run.candidates`, as flat dicts of numbers and texts.

    A value inside a value becomes columns such as `initial_value`. A list or a mapping becomes JSON text. Raises UsageError
    for one value, such as a run, and for what holds none.
    """
    if not isinstance(values, Iterable) or isinstance(values, Model | Mapping | str | bytes):
        hint = "give several: run.rows(), run.candidates, table.cells, table.contrasts; or [report] for one"
        raise UsageError(f"{type(values).__name__} is no list of values", hint=hint)
    return [dict(_columns("", value)) for value in values]


def to_frame(values: Iterable[Any], library: Library | None = None) -> Any:
    """Return `values` as a DataFrame, with the columns of `to_records`.

    `library` is pandas or polars; by default pandas if it is installed, else polars. Raises UsageError when it is not there,
    and as `to_records` does.
    """
    records = to_records(values)
    for name in _LIBRARIES if library is None else (library,):
        try:
            module = import_module(name)
        except ImportError:
            continue
        # polars would take the columns and their types from the first hundred rows.
        return module.DataFrame(records, **({"infer_schema_length": None} if name == "polars" else {}))
    wanted = " or ".join(_LIBRARIES) if library is None else library
    raise UsageError(f"{wanted} is not installed", hint="promptwire.to_records gives plain dicts")


def _columns(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the columns of `value`; their names begin with `prefix`."""
    if isinstance(value, Prompt):
        yield from ((f"{prefix}{name}", getattr(value, name)) for name in ("id", "text", "made_by", "round"))
        yield f"{prefix}parents", _flat(list(value.parents))
        yield f"{prefix}demos", _flat([demo.model_dump(mode="json") for demo in value.demos])
        yield from ((f"{prefix}companion_{name}", text) for name, text in value.companions.items())
        yield from ((f"{prefix}mark_{name}", number) for name, number in value.marks.items())
    elif isinstance(value, Example):
        yield f"{prefix}input", _flat(value.input)
        yield f"{prefix}outputs", _flat(list(value.outputs))
        yield from ((f"{prefix}meta_{name}", _flat(one)) for name, one in value.meta.items())
    elif is_dataclass(value) or isinstance(value, Model):
        names = [one.name for one in fields(value)] if is_dataclass(value) else list(type(value).model_fields)
        found = {name: getattr(value, name) for name in names}
        found |= {name: getattr(value, name) for name in _PROPERTIES if name not in names and hasattr(value, name)}
        for name, one in found.items():
            nested = is_dataclass(one) or isinstance(one, Model)
            inner = f"{prefix}{name}_" if not isinstance(one, Example | Prompt) else prefix
            yield from _columns(inner, one) if nested else [(f"{prefix}{name}", _flat(one))]
    else:
        yield prefix.rstrip("_") or "value", _flat(value)


def _flat(value: Any) -> Any:
    """`value` as a number or a text: lists and mappings as JSON."""
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return json.dumps(value if isinstance(value, Mapping) else list(value), default=_plain, ensure_ascii=False)
    return value


def _plain(value: Any) -> Any:
    return dict(_columns("", value)) if is_dataclass(value) or isinstance(value, Model) else str(value)
