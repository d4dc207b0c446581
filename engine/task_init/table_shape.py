"""How a table of text is written: encoding, delimiter, header. What the reader of data can't take is refused, with its line.

A reader that knows the task's columns tells them from the header. Here they are not known yet, so the rows decide.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from promptwire.errors import DataError
from promptwire.task_init.column_names import is_aside, is_split, output_rank, usual_inputs
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.dialects import Dialect
from promptwire.tasks.reading.encodings import encoding_of_mark, likely_encoding, looks_wide
from promptwire.tasks.reading.source import Source, lines_of

__all__ = ["TableShape", "encoding_of", "header_reason", "refuse_title", "table_shape"]

_LOOKED_AT: Final = 200
_HEAD: Final = 2**16
_DELIMITERS: Final = (",", ";", "\t", "|")
_SEP: Final = re.compile(r'"?sep=(.)"?\s*')
_MARKDOWN: Final = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)+\|?\s*")
_LONG_NAME: Final = 60
_RECURS: Final = 3
"""Rows of a value, in the mean, from which a column holds labels, so that another value above them is a name."""
_SENTENCE: Final = re.compile(r".*\s\S+\s.*[.!?\u3002]\s*", re.DOTALL)
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?%?")


class TableShape(NamedTuple):
    """How a table is written."""

    delimiter: str | None
    """Character between its cells; None when the first line or the reader tells."""
    header: bool
    """Whether the first row names the columns."""
    why: str
    """Why the first row is a header, or none."""


def encoding_of(path: Path) -> str | None:
    """The encoding of a text file that is not UTF-8 and has no byte order mark, by its bytes; None for any other file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if encoding_of_mark(head):
            return None
        if wide := looks_wide(head):
            return wide
        file.seek(0)
        seen_wide_character = False
        for line in file:
            try:
                seen_wide_character = seen_wide_character or not line.decode("utf-8").isascii()
            except UnicodeDecodeError:
                # After text in UTF-8, a byte that is none is damage: the reader says where.
                return None if seen_wide_character else likely_encoding(line + file.read(_HEAD))
    return None


def table_shape(source: Source, *, tab: bool, header: bool | None) -> TableShape:
    """How the table of `source` is written; `header` is what the user says of it.

    Raises DataError for a Markdown table, for a title above the header, and for a file of one column that is no table.
    """
    lines = list(islice(lines_of(source, limits.MAX_BYTES), _LOOKED_AT))
    _refuse_markdown(lines, source)
    sep = _SEP.fullmatch(lines[0].rstrip("\n")) if lines else None
    given = source.form.delimiter or (sep[1] if sep else None)
    delimiter = given or _delimiter(lines, tab=tab)
    rows, numbers = _cells(lines[1:] if sep else lines, delimiter)
    if not rows:
        raise DataError("the data file holds no examples", where=str(source.path), hint="put at least one row into it")
    if header is None:
        refuse_title(rows, [source.by_line(number + bool(sep)) for number in numbers])
    if header is not None:
        found, why = header, "as you say"
    else:
        reason = header_reason(rows)
        found, why = not reason, reason or "the first row names the columns"
    usual = "\t" if tab else ","
    return TableShape(None if sep or delimiter == usual else delimiter, found, why)


def header_reason(rows: Sequence[Sequence[str]]) -> str:
    """Why the first of `rows` is an example and no header; empty when it may be a header."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    if any(output_rank(name) is not None or usual_inputs([name]) or is_split(name) for name in first if name):
        return ""
    if sum(is_aside(name) for name in first if name) * 2 > len(first):
        return ""
    columns = [[row[at].strip() for row in rest if at < len(row)] for at in range(len(first))]
    for cell, below in zip(first, columns, strict=True):
        if cell and cell in below:
            return f"{cell[:40]!r} in the first row is there again below"
        if _is_number(cell) and below and all(map(_is_number, below)):
            return f"the first row holds the number {cell!r}"
    for cell, below in zip(first, columns, strict=True):
        unlike = _RECURS * len(set(below)) <= len(below) and len(set(below)) > 1
        if below and cell and (unlike or (all(map(_is_number, below)) and not _is_number(cell))):
            return ""
    for cell in first:
        if len(cell) > _LONG_NAME or _SENTENCE.fullmatch(cell):
            return "the first row holds a sentence, not names"
    return ""


def _is_number(cell: str) -> bool:
    return len(cell) < _LONG_NAME and _NUMBER.fullmatch(cell) is not None


def _delimiter(lines: Sequence[str], *, tab: bool) -> str:
    """The delimiter that leaves a usual name in the header and cuts most rows into equally many cells; of equals the first."""
    order = ("\t", ",", ";", "|") if tab else _DELIMITERS
    scores = {}
    for one in order:
        rows, _ = _cells(lines, one)
        if len(rows) < len(lines) and len(lines) == _LOOKED_AT:
            rows = rows[:-1]  # the last one may go on
        counts = Counter(map(len, rows))
        width, often = max(counts.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        named = bool(rows) and any(output_rank(name) is not None or bool(usual_inputs([name])) for name in rows[0])
        share = often / max(len(rows), 1)
        scores[one] = (width > 1, named or (one == order[0] and share == 1), share)
    best = max(order, key=lambda one: scores[one])
    return best if scores[best][0] else order[0]


def _cells(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The rows of cells in `lines` that are not empty, and the line on which each begins."""
    reader = Dialect(delimiter).reader(iter(lines), strict=False)
    rows, numbers, before = [], [], 0
    try:
        for row in reader:
            if "".join(row).strip():
                rows.append(row)
                numbers.append(before + 1)
            before = reader.line_num
    except csv.Error:
        return rows, numbers
    return rows, numbers


def _refuse_markdown(lines: Sequence[str], source: Source) -> None:
    for number, line in enumerate(lines[:20], start=1):
        if len(line) < _HEAD and _MARKDOWN.fullmatch(line.rstrip("\n")):
            hint = "save it as CSV: a line of names, then a line for each row, without the marks"
            raise DataError("this is a Markdown table, not CSV", where=source.by_line(number), hint=hint)


def refuse_title(rows: Sequence[Sequence[str]], places: Sequence[str]) -> None:
    """Raise DataError when the first of `rows` has one filled cell and the next ones several: a title, not a header."""
    if len(rows) < 3:
        return
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual, often = Counter(filled[1:]).most_common(1)[0]
    title = next(cell.strip() for cell in rows[0] if cell.strip())
    named = usual_inputs([title]) or output_rank(title) is not None
    if filled[0] == 1 < min(usual, filled[1]) and often * 2 > len(filled) - 1 and not named:
        hint = f"delete it, so that the names at {places[1]} come first"
        problem = f"the first row is a title, not a header: {title[:60]!r} stands alone in it"
        raise DataError(problem, where=places[0], hint=hint)
