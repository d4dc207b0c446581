"""Reads examples from JSON Lines, JSON, CSV and TSV files.

A row has an input and an output, in columns of these names or of those in the task's `columns`. For a metric that compares
with no accepted output, the output may be missing. An output may be a list of accepted answers. An output that is a JSON object
becomes its text. Several input columns become named fields. Repeated rows are dropped and counted: an example that is there
twice would count twice in every score.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, field_validator

from promptwire.documents.validation_errors import describe
from promptwire.errors import DataError
from promptwire.security.access_log import log_access
from promptwire.security.untrusted_json import count_separators, read_json
from promptwire.security.untrusted_numbers import finite
from promptwire.values import Example, Examples, Model

__all__ = ["Columns", "Loaded", "example_of", "read_examples", "repeated"]

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")

_SHOWN = 200
MAX_BYTES = 256 * 2**20
"""Largest size of a data file that is read line by line."""
MAX_JSON = 64 * 2**20
"""Largest size of a JSON file, which is read whole."""
MAX_LINE = 4_000_000
MAX_ROWS = 1_000_000
MAX_VALUES = 10_000_000
"""Largest number of commas and brackets in a JSON Lines file."""
_SMALLER = "take a sample of it: an optimizer needs some hundred examples"

NumberedRow = tuple[int, dict[str, Any]]


class Columns(Model):
    """Columns of a data file that hold input and output."""

    input: str | tuple[str, ...] = "input"
    """Column of the input; several columns become named fields."""
    output: str = Field(default="output", min_length=1)
    """Column of the accepted output or outputs."""

    @field_validator("input")
    @classmethod
    def _names_columns(cls, columns: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if columns in ((), ""):
            raise ValueError("name at least one column")
        if isinstance(columns, tuple) and (again := repeated(columns)):
            raise ValueError(f"the column {again!r} is there twice")
        return columns


class Loaded(NamedTuple):
    """Examples of a file, and the number of repeated rows."""

    examples: Examples
    duplicates: int
    """Rows that were dropped because an equal one came before."""


def read_examples(path: Path, columns: Columns | None = None, *, outputs: bool = True) -> Loaded:
    """Read the examples in the file at `path`, in order. Without `outputs` an example needs no accepted output.

    Raises DataError when the file is missing, empty, of an unknown kind, or a row is not an example.
    """
    columns = columns or Columns()
    examples = [example_of(row, columns, f"{path}:{line}", outputs=outputs) for line, row in _rows(path)]
    if not examples:
        raise DataError("the data file holds no examples", where=str(path), hint="put at least one row into it")
    unique = Examples.of(examples)
    return Loaded(unique, len(examples) - len(unique))


def _rows(path: Path) -> Iterator[NumberedRow]:
    """Yield line number and row."""
    log_access(path, data=True)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"unknown kind of data file {suffix!r}", where=str(path), hint=f"known: {', '.join(SUFFIXES)}")
    if suffix == ".json":
        rows: Iterator[NumberedRow] = _json_list(path, "".join(_lines(path, MAX_JSON)))
    elif suffix in (".csv", ".tsv"):
        rows = _table(path, _lines(path, MAX_BYTES), "\t" if suffix == ".tsv" else ",")
    else:
        rows = _json_lines(path, _lines(path, MAX_BYTES))
    for count, row in enumerate(rows):
        if count >= MAX_ROWS:
            raise DataError(f"the data file has more than {MAX_ROWS:,} rows", where=str(path), hint=_SMALLER)
        yield row


def _lines(path: Path, most: int) -> Iterator[str]:
    """Yield the lines of the file, read one at a time. Every kind of line end becomes a line feed."""
    size, number = 0, 0
    try:
        with path.open("rb") as file:
            while raw := file.readline(min(MAX_LINE, most) + 1):
                number += 1
                if size + len(raw) > most:
                    raise DataError(f"the data file is larger than {most // 2**20} MB", where=str(path), hint=_SMALLER)
                if len(raw) > MAX_LINE and most != MAX_JSON:
                    raise DataError(f"a line of more than {MAX_LINE:,} bytes", where=f"{path}:{number}", hint=_SMALLER)
                try:
                    text = raw.decode("utf-8-sig" if not size else "utf-8")
                except UnicodeDecodeError as error:
                    where = size + error.start
                    raise DataError(f"the file is not UTF-8: {error.reason} at byte {where}", where=str(path)) from error
                size += len(raw)
                yield from StringIO(text, newline=None)
    except FileNotFoundError as error:
        raise DataError("there is no such data file", where=str(path), hint="check the path in the task file") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"the data file can't be read: {reason}", where=f"{path}"[:_SHOWN]) from error


def _json_lines(path: Path, lines: Iterator[str]) -> Iterator[NumberedRow]:
    values = 0
    for number, line in enumerate(lines, start=1):
        if line.strip():
            values += count_separators(line)
            if values > MAX_VALUES:
                raise DataError(f"the data file holds more than {MAX_VALUES:,} values", where=str(path), hint=_SMALLER)
            try:
                row = read_json(line)
            except ValueError as error:
                raise DataError(f"not JSON: {error}", where=f"{path}:{number}", hint="each line is one JSON object") from error
            yield number, _mapping(path, number, row)


def _json_list(path: Path, text: str) -> Iterator[NumberedRow]:
    try:
        rows = read_json(text)
    except ValueError as error:
        raise DataError(f"not JSON: {error}", where=str(path)) from error
    if not isinstance(rows, list):
        raise DataError("a JSON data file holds a list of objects", where=str(path))
    for number, row in enumerate(rows, start=1):
        yield number, _mapping(path, number, row)


def _table(path: Path, lines: Iterator[str], delimiter: str) -> Iterator[NumberedRow]:
    reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
    try:
        if again := repeated(reader.fieldnames or ()):
            hint = "give each column a name of its own"
            raise DataError(f"the header names the column {again!r} twice", where=f"{path}:{reader.line_num}", hint=hint)
        for row in reader:
            if None in row or None in row.values():
                raise DataError(
                    f"the row does not have the header's {len(reader.fieldnames or ())} columns",
                    where=f"{path}:{reader.line_num}",
                )
            yield reader.line_num, dict(row)
    except csv.Error as error:
        raise DataError(f"not CSV: {error}", where=f"{path}:{reader.line_num}") from error


def repeated(names: Iterable[str]) -> str:
    """The first name that is there again; empty when all differ. Columns without a name may be several."""
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            return name
        seen.add(name)
    return ""


def _mapping(path: Path, line: int, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DataError("a row is a JSON object with an input and an output", where=f"{path}:{line}")
    return row


def example_of(row: dict[str, Any], columns: Columns, where: str, *, outputs: bool = True) -> Example:
    """The example in `row`. Without `outputs` it needs no accepted output, and no column unless the task names one.

    Raises DataError, with `where` the row is, when it is none.
    """
    wanted = (columns.input,) if isinstance(columns.input, str) else columns.input
    optional = not outputs and columns.output == Columns().output
    for column in (*wanted, *(() if optional else (columns.output,))):
        if column not in row:
            have = ", ".join(map(repr, row)) or "none"
            hint = "name the columns in the task file: columns: {input: ..., output: ...}; in Python: make_task(columns=...)"
            hint += "; the metrics judge and none need no output" if column == columns.output and outputs else ""
            raise DataError(f"there is no column {column!r} (it has: {have})", where=where, hint=hint)
    fields = {column: _text(row[column], where, column) for column in wanted}
    source: str | dict[str, str] = fields[columns.input] if isinstance(columns.input, str) else fields
    value = row.get(columns.output)
    known = value if isinstance(value, list) else [] if value is None and not outputs else [value]
    accepted = tuple(_output(one, where, columns.output) for one in known)
    if not any(output.strip() for output in accepted):
        accepted = ()
    if outputs and not accepted:
        raise DataError(f"the column {columns.output!r} is empty", where=where, hint="all metrics but judge and none need one")
    rest = {name: value for name, value in row.items() if name not in (*wanted, columns.output)}
    for column, extra in rest.items():
        if not _storable(extra):
            raise DataError(f"the column {column!r} holds a number that is too large", where=where, hint="write it as text")
    return Example(input=source, outputs=accepted, meta=rest)


def _storable(value: Any) -> bool:
    """Whether all numbers in `value` can be written as JSON again. JSON can hold numbers that are too large for a float."""
    if isinstance(value, dict | list):
        return all(map(_storable, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or finite(value) is not None


def _output(value: Any, where: str, column: str) -> str:
    """Convert an accepted output to text: an object as JSON."""
    if isinstance(value, dict):
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise DataError(f"the column {column!r} holds an object that is not JSON: {error}", where=where) from error
    return _text(value, where, column)


def _text(value: Any, where: str, column: str) -> str:
    """Convert `value` to text: numbers and booleans as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int) or finite(value) is not None:
        return json.dumps(value)
    if isinstance(value, float):
        raise DataError(f"the column {column!r} holds a number that is too large", where=where, hint="write it as text")
    raise DataError(f"the column {column!r} holds {describe(value)}, not text", where=where)
