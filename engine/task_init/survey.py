"""Looks at a data file before its columns are known: their names, what their values are like, how the file is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from promptwire.errors import DataError
from promptwire.task_init.column_names import output_rank, usual_inputs
from promptwire.task_init.column_profile import ColumnProfile, profile, value_text
from promptwire.task_init.guess import Given
from promptwire.task_init.table_shape import encoding_of, header_reason, refuse_title, table_shape
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import open_rows
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.form import KINDS, DataForm
from promptwire.tasks.reading.source import Source, lines_of

__all__ = ["Survey", "survey"]

_ROWS: Final = 5_000
"""Rows that are looked at."""
_CHARACTERS: Final = 20_000_000
"""Characters of these rows, about."""
_FIRST: Final = 50
_TEXT: Final = ("csv", "tsv", "lines", "json", "jsonl")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a data file holds."""

    path: Path
    """The file."""
    profiles: tuple[ColumnProfile, ...]
    """Its columns, in order."""
    numbered: bool
    """Whether its columns have numbers in place of names."""
    form: DataForm
    """How it is written, as far as it does not tell that itself."""
    why: str
    """Why there is no header; empty where there is one."""
    notes: tuple[str, ...]
    """What was taken for granted."""
    whole: bool
    """Whether all of its rows were looked at."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its columns."""
        return tuple(column.name for column in self.profiles)

    def column(self, name: str) -> ColumnProfile:
        """The profile of the column `name`."""
        return next(column for column in self.profiles if column.name == name)


def survey(path: Path, given: Given) -> Survey:
    """Look at the data file at `path`. Raises DataError for a file that can't be read."""
    kind = KINDS.get(path.suffix.lower())
    sheet = given.sheet
    told: dict[str, Any] = {
        "encoding": encoding_of(path) if kind in _TEXT and path.is_file() else None,
        "sheet": int(sheet) if sheet is not None and sheet.isdecimal() else sheet,
        "rows": given.rows,
    }
    form = DataForm(**{key: value for key, value in told.items() if value is not None})
    why = ""
    if kind == "lines" and not _is_table(Source(path, form=form)):
        numbered = False
    elif kind in ("csv", "tsv", "lines"):
        shape = table_shape(Source(path, form=form), tab=kind == "tsv", header=given.header)
        delimiter = shape.delimiter or ("," if kind == "lines" else None)
        form = form.model_copy(update={"delimiter": delimiter} if delimiter else {})
        numbered, why = not shape.header, "" if shape.header else shape.why
    elif kind == "excel":
        numbered, why = _sheet_header(path, form, given.header)
    else:
        numbered = kind in ("json", "jsonl") and _has_lists(path, form)
    rows, source, whole = _first_rows(path, form, numbered=numbered)
    _refuse_other_chats(rows, path)
    if not rows:
        raise DataError("the data file holds no examples", where=str(path), hint="put at least one row into it")
    return Survey(path, _profiles(rows, numbered=numbered), numbered, form, why, tuple(source.notes), whole)


def _source(path: Path, form: DataForm, *, numbered: bool) -> Source:
    listed = KINDS.get(path.suffix.lower()) == "lines" and form.delimiter is None
    return Source(path, Columns(input=0) if numbered else Columns(), form, outputs=False, any_columns=not listed)


def _first_rows(path: Path, form: DataForm, *, numbered: bool) -> tuple[list[dict[str, Any]], Source, bool]:
    """The rows that are looked at, what they were read from, and whether they are all."""
    source = _source(path, form, numbered=numbered)
    found, size = list[dict[str, Any]](), 0
    rows = open_rows(path, source).rows
    for _, row in rows:
        if len(found) >= _ROWS or size > _CHARACTERS:
            return found, source, False
        found.append(row)
        size += sum(len(cell) if isinstance(cell, str) else 20 for cell in row.values())
    return found, source, True


def _profiles(rows: list[dict[str, Any]], *, numbered: bool) -> tuple[ColumnProfile, ...]:
    """The profiles of all columns in `rows`. Blanks around a name of a header count only where they tell two apart."""
    names = dict.fromkeys(name for row in rows for name in row if name.strip())
    stripped = {name: name.strip() for name in names}
    if numbered or len(set(stripped.values())) < len(names):
        stripped = {name: name for name in names}
    return tuple(profile(stripped[name], [row.get(name) for row in rows]) for name in names)


def _refuse_other_chats(rows: list[dict[str, Any]], path: Path) -> None:
    """Raise DataError for conversations in the form of ShareGPT, whose messages have `from` and `value`."""
    for name, value in rows[0].items() if rows else ():
        first = value[0] if isinstance(value, list) and value else None
        if isinstance(first, dict) and {"from", "value"} <= first.keys():
            hint = 'write {"messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}]}'
            raise DataError(f"the messages in {name!r} have from and value, not role and content", where=str(path), hint=hint)


def _is_table(source: Source) -> bool:
    """Whether a text file has cells: a tab in each line, or a header with usual names before commas or semicolons."""
    lines = [line.rstrip("\n") for line in islice(lines_of(source, limits.MAX_BYTES), _FIRST)]
    lines = [line for line in lines if line.strip()]
    tabs = {line.count("\t") for line in lines}
    if len(tabs) == 1 and tabs != {0}:
        return True
    for delimiter in ",;|\t":
        names = lines[0].split(delimiter) if lines else []
        if any(output_rank(name) is not None for name in names) and usual_inputs(names):
            return True
    return False


def _sheet_header(path: Path, form: DataForm, header: bool | None) -> tuple[bool, str]:
    """Whether a sheet has no header, and why. Raises DataError for a title above it."""
    if header is not None:
        return not header, "" if header else "as you say"
    opened = open_rows(path, _source(path, form, numbered=True))
    first = list(islice(opened.rows, _FIRST))
    rows = [[value_text(cell) for cell in row.values()] for _, row in first]
    if rows:
        refuse_title(rows, [opened.where(number, "") for number, _ in first])
    why = header_reason(rows) if rows else ""
    return bool(why), why


def _has_lists(path: Path, form: DataForm) -> bool:
    """Whether the rows of a JSON file are lists of more than two cells, so that columns have numbers."""
    try:
        next(_rows_of(path, form), None)
    except DataError as error:
        if "columns of lists" not in error.hint:
            raise
        return True
    return False


def _rows_of(path: Path, form: DataForm) -> Iterator[Any]:
    return iter(open_rows(path, _source(path, form, numbered=False)).rows)
