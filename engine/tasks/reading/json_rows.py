"""Finds the rows of a JSON document: a list of objects or pairs, or an object that holds one.

| document | rows |
|---|---|
| `[{...}, {...}]`, `[["in", "out"], ...]` | its members |
| `{"input": ["a", "b"], "output": ["c", "d"]}` | one of each place, by columns |
| `{"columns": ["input", "output"], "data": [["a", "b"]]}` | the data, as pandas writes `orient="split"` |
| `{"data": [...]}`, `{"examples": [...]}`, ... | what is under that key, or under `rows:` of the task file |
| `{"1": {...}, "2": {...}}` | its values |
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from promptwire.errors import DataError
from promptwire.tasks.columns import repeated
from promptwire.tasks.reading.source import Source

__all__ = ["Found", "find_rows", "row_of", "with_header"]

_KEYS: Final = ("data", "examples", "rows", "records", "instances", "items", "questions", "samples")
"""Keys that hold the rows, in the order in which they are looked for."""
_PAIR: Final = 2


class Found(NamedTuple):
    """Rows of a document."""

    rows: list[dict[str, Any]]
    """The rows, in order."""
    path: tuple[str, ...]
    """Keys that lead to the list that holds them."""
    by_place: bool = True
    """Whether row N is member N of that list, or value N of that object."""


def find_rows(data: Any, source: Source) -> Found:
    """The rows in `data`. Raises DataError, with hints at the keys that there are."""
    path: tuple[str, ...] = ()
    for key in (source.form.rows or "").split(".") if source.form.rows else ():
        if not isinstance(data, dict) or key not in data:
            raise DataError(f"there is no key {source.form.rows!r} in the file", where=str(source.path), hint=_keys(data))
        data, path = data[key], (*path, key)
    while isinstance(data, dict):
        if (rows := _by_columns(data, source)) is not None:
            return Found(rows, path, by_place=False)
        known = next((name for name in _KEYS if isinstance(data.get(name), list | dict) and data[name]), None)
        if known is None and data and all(isinstance(value, dict) for value in data.values()):
            return Found(list(data.values()), path)
        known = known or _only_list(data) or next((name for name in _KEYS if data.get(name) == []), None)
        if known is None:
            hint = f"{_keys(data)}; write `rows: KEY` under `data` in the task file"
            raise DataError("a JSON data file holds a list of objects", where=str(source.path), hint=hint)
        data, path = data[known], (*path, known)
    if not isinstance(data, list):
        raise DataError("a JSON data file holds a list of objects", where=str(source.path))
    return Found(data, path)


def row_of(value: Any, source: Source, where: str = "") -> dict[str, Any]:
    """A member of a list as a row: an object, a list of cells, or an input alone. Raises DataError."""
    columns = source.columns
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and columns.numbered:
        return {str(number): cell for number, cell in enumerate(value)}
    if isinstance(value, list) and len(value) == _PAIR and columns.single:
        return {columns.inputs[0]: value[0], columns.target: value[1]}
    if isinstance(value, str) and columns.single and columns.target not in source.wanted:
        return {columns.inputs[0]: value}
    hint = "columns of lists are given by number, from 0: columns: {input: 0, output: 1}" if isinstance(value, list) else ""
    raise DataError("a row is a JSON object with an input and an output", where=where, hint=hint)


def with_header(rows: list[Any], source: Source) -> list[Any]:
    """`rows` as objects when they are lists of which the first names the columns."""
    first = rows[0] if rows and not source.columns.numbered and not source.any_columns else None
    if not isinstance(first, list) or not all(isinstance(name, str) for name in first) or not {*source.wanted} <= {*first}:
        return rows
    if again := repeated(first):
        raise DataError(f"the header names the column {again!r} twice", where=str(source.path), hint="rename one of them")
    return [None, *(dict(zip(first, row, strict=False)) if isinstance(row, list) else row for row in rows[1:])]


def _by_columns(data: dict[str, Any], source: Source) -> list[dict[str, Any]] | None:
    """The rows of an object that holds columns; None when it is none. Raises DataError for columns of different lengths."""
    names, cells = data.get("columns"), data.get("data")
    if isinstance(names, list) and isinstance(cells, list) and all(isinstance(row, list) for row in cells):
        return [dict(zip(map(str, names), row, strict=False)) for row in cells]
    if source.any_columns:
        return _any_columns(data)
    wanted = [data.get(name) for name in source.wanted]
    kind: type = list if isinstance(wanted[0], list) else dict
    if not all(isinstance(column, kind) for column in wanted):
        return None
    columns: dict[str, Any] = {name: column for name, column in data.items() if isinstance(column, kind)}
    sizes = {name: len(column) for name, column in columns.items()}
    if len(set(sizes.values())) > 1:
        have = ", ".join(f"{name!r} {size}" for name, size in sizes.items())
        raise DataError(f"the columns have different lengths: {have}", where=str(source.path))
    if kind is dict:
        keys = list(wanted[0] or ())
        if any(column.keys() != columns[source.wanted[0]].keys() for column in columns.values()):
            raise DataError("the columns have different row names", where=str(source.path))
        return [{name: column[key] for name, column in columns.items()} for key in keys]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _any_columns(data: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of an object that holds columns by its looks: lists of plain values, equally long, or cells by row number."""
    columns = list(data.values())
    if len(columns) > 1 and all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        numbers = list(columns[0])
        if numbers and all(number.isdecimal() for number in numbers):
            return [{name: column[number] for name, column in data.items()} for number in numbers]
    plain = all(isinstance(column, list) and column and not isinstance(column[0], dict | list) for column in columns)
    if len(columns) < 2 or not plain or len({len(column) for column in columns}) > 1:
        return None
    return [dict(zip(data, row, strict=True)) for row in zip(*columns, strict=True)]


def _only_list(data: dict[str, Any]) -> str | None:
    """The key of the one list of objects in `data`; None when there are several or none."""
    lists = [key for key, value in data.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if len(lists) == 1 else None


def _keys(data: Any) -> str:
    if not isinstance(data, dict):
        return "there is no object"
    return f"its keys: {', '.join(map(repr, list(data)[:12])) or 'none'}"
