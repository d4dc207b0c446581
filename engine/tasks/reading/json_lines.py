"""Reads JSON Lines: one JSON object a line. A line may also be a pair of input and output."""

from __future__ import annotations

import json
from collections.abc import Iterator

from promptwire.errors import DataError
from promptwire.security.untrusted_json import count_separators, read_json
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.json_rows import row_of
from promptwire.tasks.reading.source import Row, Rows, Source, lines_of

__all__ = ["json_lines", "json_problem"]


def json_lines(source: Source) -> Rows:
    """The rows of the file."""
    return Rows(_rows(source), source.by_line)


def _rows(source: Source) -> Iterator[Row]:
    values = 0
    for number, line in enumerate(lines_of(source, limits.MAX_BYTES), start=1):
        if not line.strip():
            continue
        values += count_separators(line)
        if values > limits.MAX_VALUES:
            problem = f"the data file holds more than {limits.MAX_VALUES:,} values"
            raise DataError(problem, where=str(source.path), hint=limits.SMALLER)
        try:
            value = read_json(line.rstrip("\n"))
        except ValueError as error:
            hint = "each line is one JSON object"
            raise DataError(f"not JSON: {json_problem(error)}", where=source.by_line(number), hint=hint) from error
        yield number, row_of(value, source, source.by_line(number))


def json_problem(error: ValueError) -> str:
    """What is wrong, with the column in its line."""
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
