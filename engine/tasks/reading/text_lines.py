"""Reads text files with one input a line, and tables that are named as text files."""

from __future__ import annotations

from collections.abc import Iterator

from promptwire.errors import DataError
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.dialects import has_named_header
from promptwire.tasks.reading.source import Row, Rows, Source, lines_of
from promptwire.tasks.reading.tables import table

__all__ = ["text_lines"]


def text_lines(source: Source) -> Rows:
    """The lines as inputs. A file with a header that names the task's columns, or columns by number, is a table."""
    if source.columns.numbered or source.form.delimiter or source.form.header is not None or has_named_header(source):
        return table(source)
    return Rows(_rows(source), source.by_line)


def _rows(source: Source) -> Iterator[Row]:
    if source.outputs or not source.columns.single or source.columns.target in source.wanted:
        problem = "a text file has one input a line and no outputs"
        hint = "the metrics judge and none need none; a table without a header takes columns: {input: 0, output: 1}"
        raise DataError(problem, where=str(source.path), hint=hint)
    (column,) = source.columns.inputs
    comment = source.form.comment
    for number, line in enumerate(lines_of(source, limits.MAX_BYTES), start=1):
        if line.strip() and not (comment and line.startswith(comment)):
            yield number, {column: line.rstrip("\n")}
