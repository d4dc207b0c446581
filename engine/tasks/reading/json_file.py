"""Reads JSON documents with rows, and JSON Lines in a file that is named .json, or the other way round."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from promptwire.errors import DataError
from promptwire.security.untrusted_json import read_json
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.big_bench import big_bench_rows, is_big_bench
from promptwire.tasks.reading.json_lines import json_lines, json_problem
from promptwire.tasks.reading.json_places import line_of
from promptwire.tasks.reading.json_rows import Found, find_rows, row_of, with_header
from promptwire.tasks.reading.source import Row, Rows, Source, lines_of

__all__ = ["json_file", "json_rows"]


def json_file(source: Source) -> Rows:
    """The rows of a .json file."""
    text = "".join(lines_of(source, limits.MAX_JSON, long=True))
    if not text.strip():
        raise DataError("the data file holds no examples", where=str(source.path), hint="put at least one row into it")
    try:
        data = read_json(text)
    except ValueError as error:
        if _first_line_is_whole(text):
            source.note("read as JSON Lines")
            return json_lines(source)
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        where = source.by_line(line) if line else str(source.path)
        raise DataError(f"not JSON: {json_problem(error)}", where=where) from error
    return _document(data, text, source)


def json_rows(source: Source) -> Rows:
    """The rows of a .jsonl file, which may be one JSON document all the same."""
    first = next((line for line in lines_of(source, limits.MAX_BYTES) if line.strip()), "").strip()
    if first[:1] in ("[", "{") and not _is_row(first):
        try:
            text = "".join(lines_of(source, limits.MAX_JSON, long=True))
            data = read_json(text)
        except (DataError, ValueError):
            return json_lines(source)
        if isinstance(data, list | dict) and data:
            source.note("read as one JSON document")
            return _document(data, text, source)
    return json_lines(source)


def _document(data: Any, text: str, source: Source) -> Rows:
    if is_big_bench(data) and source.form.rows in (None, "examples"):
        found = Found(big_bench_rows(data, source), ("examples",))
    else:
        found = find_rows(data, source)
        found = found._replace(rows=with_header(found.rows, source))

    def where(number: int, column: str) -> str:
        if not found.by_place:
            return f"{source.path}, row {number + 1}"
        return source.by_line(line_of(text, found.path, number))

    def rows() -> Iterator[Row]:
        for number, value in enumerate(found.rows):
            if value is None and not number:
                continue  # the names of the columns stood there
            try:
                yield number, row_of(value, source)
            except DataError as error:
                error.where = where(number, "")  # looked for here, since it takes as long as the text
                raise

    return Rows(rows(), where)


def _is_row(line: str) -> bool:
    """Whether a line is the first row of JSON Lines: whole, and no list of objects."""
    try:
        value = read_json(line)
    except ValueError:
        return False
    return not (isinstance(value, list) and value and isinstance(value[0], dict | list))


def _first_line_is_whole(text: str) -> bool:
    """Whether the first line that is not empty is a JSON document, and more lines follow."""
    first, _, rest = text.lstrip().partition("\n")
    try:
        read_json(first)
    except ValueError:
        return False
    return bool(rest.strip())
