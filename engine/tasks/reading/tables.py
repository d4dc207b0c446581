"""Reads tables of text: CSV, TSV and files like them.

Cells are kept exactly as they are. Rows whose cells are all empty are no rows. Empty cells after the last column are dropped.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from promptwire.errors import DataError
from promptwire.tasks.columns import repeated
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.dialects import Dialect, choose_dialect, quote_error
from promptwire.tasks.reading.source import Row, Rows, Source, lines_of
from promptwire.tasks.rows import no_column

__all__ = ["first_row", "numbered", "table"]

_TITLES: Final = 10
"""Rows below the first in which a header is looked for, when the first names no column that the task needs."""


def table(source: Source, *, tab: bool = False) -> Rows:
    """The rows of the table; `tab` is for files that are named as separated by tabs."""
    return Rows(_rows(source, tab=tab), source.by_line)


class _Records(Iterator[list[str]]):
    """Rows of cells and the line that each begins on. A comment where a row may begin counts as an empty line."""

    def __init__(self, source: Source, dialect: Dialect) -> None:
        self.line = 0
        """First line of the last row."""
        self._between = True
        self._source = source
        lines = lines_of(source, limits.MAX_BYTES)
        self._before = 1
        if dialect.sep:
            next(lines)
            self._before = 2
        self._cells = dialect.reader(lines if source.form.comment is None else self._without_comments(lines))

    def __next__(self) -> list[str]:
        self._between = True
        self.line = self._cells.line_num + self._before
        try:
            return next(self._cells)
        except csv.Error as error:
            raise quote_error(error, self._source, self.line) from error

    def _without_comments(self, lines: Iterator[str]) -> Iterator[str]:
        comment = self._source.form.comment or ""
        for line in lines:
            between, self._between = self._between, False
            yield "\n" if between and line.startswith(comment) else line


def _rows(source: Source, *, tab: bool) -> Iterator[Row]:
    dialect = choose_dialect(source, tab=tab)
    records = _Records(source, dialect)
    names: list[str] = []
    for cells in records:
        if not "".join(cells).strip():
            continue
        if not names:
            names = _named(cells, source, records)
            if source.has_header:
                continue
        if len(cells) != len(names):
            cells = _fitted(cells, names, source, records.line)
        if dialect.delimiter == "\t" and dialect.quotes and any("\n" in cell and "\t" in cell for cell in cells):
            source.note("a quoted cell holds lines and tabs; if quotes are ordinary characters there, write `quotes: false`")
        yield records.line, dict(zip(names, cells, strict=True))


def _named(cells: Sequence[str], source: Source, records: _Records) -> list[str]:
    """The names of the columns. Where they are wrong, a header that stands some rows below is named in the error."""
    where = source.by_line(records.line)
    try:
        return first_row(cells, source, where)
    except DataError as error:
        filled = sum(bool(cell.strip()) for cell in cells)
        try:
            rows = ({cell.strip() for cell in row} - {""} for row in islice(records, _TITLES))
            below = any({*source.wanted} <= row and len(row) > filled for row in rows)
        except DataError:
            below = False
        if not (source.has_header and below) or cells[0].startswith("#"):  # a comment has a hint of its own
            raise
        header = source.by_line(records.line)
        hint = f"delete what stands above it, so that the names at {header} come first"
        problem = f"the first row is a title, not the header: {', '.join(filter(None, cells))[:60]!r}"
        raise DataError(problem, where=where, hint=hint) from error


def first_row(cells: Sequence[str], source: Source, where: str) -> list[str]:
    """The names of the columns: those of the header, or numbers when `cells` are an example. Raises DataError."""
    if source.has_header:
        return _header(cells, source, where)
    numbers = [name for name in source.wanted if name.isdecimal()]
    if len(numbers) < len(source.wanted):
        hint = "columns: {input: 0, output: 1}; the metrics judge and none need no output"
        raise DataError("without a header, columns are given by number", where=where, hint=hint)
    if (most := max(map(int, numbers))) >= len(cells):
        hint = "columns count from 0; if cells end at another character, write `delimiter:` under `data`"
        raise DataError(f"there is no column {most}: the first row has {len(cells)} columns", where=where, hint=hint)
    source.note("read without a header: the first row is an example")
    return numbered(len(cells))


def _header(names: Sequence[str], source: Source, where: str) -> list[str]:
    """The columns that a header names. Blanks around names count only where the task writes them. Raises DataError."""
    stripped = [name.strip() for name in names]
    missing = [name for name in source.wanted if name not in names]
    found = stripped if missing and all(name in stripped for name in missing) else list(names)
    if again := repeated(found):
        raise DataError(f"the header names the column {again!r} twice", where=where, hint="give each column a name of its own")
    if source.columns.numbered:
        return numbered(len(found))
    absent = [name for name in source.wanted if name not in found]
    if absent and source.form.comment is None and found[0].startswith("#") and len(found) < len(source.wanted):
        hint = 'where such lines are comments, write `comment: "#"` under `data`'
        raise DataError(f"the first line is no header: {found[0][:40]!r}", where=where, hint=hint)
    if absent:
        raise no_column(found, absent[0], where, needed=absent[0] == source.columns.target and source.outputs)
    return found


def numbered(count: int) -> list[str]:
    """Names of `count` columns without a header: their numbers from 0."""
    return [str(number) for number in range(count)]


def _fitted(cells: list[str], names: Sequence[str], source: Source, line: int) -> list[str]:
    """`cells` without empty ones after the last column. Raises DataError when there are too few or too many."""
    if len(cells) > len(names) and not any(cell.strip() for cell in cells[len(names) :]):
        return cells[: len(names)]
    problem = f"the row does not have the header's {len(names)} columns" if source.has_header else ""
    problem = problem or f"the row does not have the first row's {len(names)} columns"
    hint = "put a cell that holds the delimiter, a quote or a line end into double quotes"
    raise DataError(f"{problem}, but {len(cells)}", where=source.by_line(line), hint=hint)
