"""Makes the example of a row: input, accepted outputs, other columns.

An output may be a list of accepted answers. An output that is a JSON object becomes its text. Several input columns become
named fields. For a metric that compares with no accepted output, the output may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from promptwire.documents.validation_errors import describe
from promptwire.errors import DataError
from promptwire.security.untrusted_numbers import finite
from promptwire.tasks.columns import Columns
from promptwire.tasks.conversations import IDEAL, plain_row
from promptwire.values import Example

__all__ = ["Where", "example_of", "no_column"]

Where = str | Callable[[str], str]
"""Where a row is, or a function that says where its cell in a column is."""

_NAME: Final = "name the columns in the task file: columns: {input: ..., output: ...}; in Python: make_task(columns=...)"
_NAMES_SHOWN: Final = 12
_ABSENT: Final = object()
"""In place of a value that is not there."""


def example_of(row: dict[str, Any], columns: Columns, where: Where, *, outputs: bool = True) -> Example:
    """The example in `row`. Without `outputs` it needs no accepted output, and no column unless the task names one.

    Raises DataError, with `where` the row is, when it is none.
    """
    try:
        row, turns = plain_row(row, columns.inputs[0] if columns.single else "", columns.target, answered=outputs)
    except DataError as error:
        error.where = ", ".join(filter(None, (_at(where, columns.inputs[0]), error.where)))
        raise
    if turns:
        columns = Columns(**{**columns.model_dump(), "input": "input", "output": "output"})
    for column in columns.wanted(outputs=outputs):
        if column not in row and _cell(row, column) is _ABSENT:
            raise no_column(row, column, _at(where, column), needed=column == columns.target and outputs)
    accepted = _accepted(_cell(row, columns.target), columns, where, outputs=outputs)
    rest = {name: value for name, value in row.items() if name not in columns.used}
    for column, extra in rest.items():
        if not isinstance(extra, str) and not _storable(extra):
            problem = f"the column {column!r} holds a number that is too large"
            raise DataError(problem, where=_at(where, column), hint="write it as text")
    return Example(input=_inputs(row, columns, where), outputs=accepted, meta=rest, turns=turns)


def _at(where: Where, column: str) -> str:
    return where if isinstance(where, str) else where(column)


def _cell(row: dict[str, Any], column: str) -> Any:
    """The value in `column`; `a.b` is the value `b` in the mapping or list `a`. `_ABSENT` when there is none."""
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return _ABSENT
    return value


def no_column(row: Iterable[str], column: str, where: str, *, needed: bool) -> DataError:
    """The error for a row without `column`; `needed` when it is that of the outputs, which the metric needs."""
    names = [repr(name) for name in row]
    have = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "") if names else "none"
    if needed and IDEAL in row:
        return DataError(f"there is no column {column!r} (it has: {have})", where=where, hint="columns: {output: ideal}")
    alike = [name for name in row if name.strip().casefold() == column.casefold()]
    hint = f"the column {alike[0]!r} differs in case or blanks; {_NAME}" if alike else _NAME
    hint += "; the metrics judge and none need no output" if needed else ""
    return DataError(f"there is no column {column!r} (it has: {have})", where=where, hint=hint)


def _inputs(row: dict[str, Any], columns: Columns, where: Where) -> str | dict[str, str]:
    """The input: a text, or named fields of several columns or of a mapping in one."""
    if not columns.single:
        return {column: _input(_cell(row, column), columns, where, column) for column in columns.inputs}
    (column,) = columns.inputs
    value = _cell(row, column)
    if isinstance(value, dict) and _is_flat(value):
        return {name: _text(one, where, column) for name, one in value.items()}
    return _input(value, columns, where, column)


def _input(value: Any, columns: Columns, where: Where, column: str) -> str:
    """Convert an input to text: a list with its members joined, the values of a mapping as `name: value` lines."""
    if isinstance(value, list) and value:
        return columns.join.join(_text(one, where, column) for one in value)
    if isinstance(value, dict) and _is_flat(value):
        return "\n".join(f"{name}: {_text(one, where, column)}" for name, one in value.items())
    return _text(value, where, column)


def _is_flat(value: dict[str, Any]) -> bool:
    return bool(value) and not any(isinstance(one, dict | list) for one in value.values())


def _accepted(value: Any, columns: Columns, where: Where, *, outputs: bool) -> tuple[str, ...]:
    column = columns.target
    if isinstance(value, str) and columns.plain:
        accepted: tuple[str, ...] = (value,) if value.strip() else ()
    else:
        known = value if isinstance(value, list) else [] if value is None or value is _ABSENT else [value]
        accepted = tuple(_output(one, where, column) for one in known)
        if not columns.plain:
            accepted = tuple(part for one in accepted if one.strip() for part in _parts(one, columns, where))
        if not any(output.strip() for output in accepted):
            accepted = ()
    if outputs and not accepted:
        hint = "all metrics but judge and none need one"
        raise DataError(f"the column {column!r} is empty", where=_at(where, column), hint=hint)
    return accepted


def _parts(output: str, columns: Columns, where: Where) -> list[str]:
    """The accepted outputs in one cell, by the settings of `columns`."""
    column = columns.target
    if columns.after is not None:
        _, found, output = output.rpartition(columns.after)
        if not found:
            hint = "`after` under `columns` is the text before the output"
            problem = f"the column {column!r} lacks the marker {columns.after!r}: {describe(output)}"
            raise DataError(problem, where=_at(where, column), hint=hint)
        output = output.strip()
    parts = [output]
    if columns.separator is not None:
        parts = [part.strip() for part in output.split(columns.separator) if part.strip()]
    if not columns.names:
        return parts
    for part in parts:
        if part.strip() not in columns.names:
            known = ", ".join(map(repr, list(columns.names)[:_NAMES_SHOWN]))
            problem = f"the column {column!r} holds {part[:40]!r}, which has no name"
            raise DataError(problem, where=_at(where, column), hint=f"`names` under `columns` has: {known}")
    return [columns.names[part.strip()] for part in parts]


def _storable(value: Any) -> bool:
    """Whether all numbers in `value` can be written as JSON again. JSON can hold numbers that are too large for a float."""
    if isinstance(value, dict | list):
        return all(map(_storable, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or finite(value) is not None


def _output(value: Any, where: Where, column: str) -> str:
    """Convert an accepted output to text: an object, or a list within the list of accepted outputs, as JSON."""
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            problem = f"the column {column!r} holds an object that is not JSON: {error}"
            raise DataError(problem, where=_at(where, column)) from error
    return _text(value, where, column)


def _text(value: Any, where: Where, column: str) -> str:
    """Convert `value` to text: numbers and booleans as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int) or finite(value) is not None:
        return json.dumps(value)
    if isinstance(value, float):
        problem = f"the column {column!r} holds a number that is too large"
        raise DataError(problem, where=_at(where, column), hint="write it as text")
    raise DataError(f"the column {column!r} holds {describe(value)}, not text", where=_at(where, column))
