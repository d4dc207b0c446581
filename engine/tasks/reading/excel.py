"""Reads Excel workbooks (.xlsx) with openpyxl, which is an extra and only imported here.

The first row that is not empty names the columns. A number is written as its format shows it where the format is one of zeros,
such as `00000`, `0.00` or `0%`; else without a decimal point when it is whole. Errors name the sheet and the cell.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any, Final

from promptwire.errors import DataError
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.cells import plain
from promptwire.tasks.reading.source import Row, Rows, Source
from promptwire.tasks.reading.tables import first_row, numbered

__all__ = ["INSTALL", "workbook"]

INSTALL: Final = "pip install 'promptwire[excel]'"
"""Command that installs openpyxl."""
_ZEROS: Final = re.compile(r"(0+)(?:\.(0+))?(%?)")


def workbook(source: Source) -> Rows:
    """The rows of a sheet."""
    columns: dict[str, str] = {}
    title: list[str] = []

    def where(number: int, column: str) -> str:
        at = f"{source.path}:{title[0] if title else ''}"
        return f"{at}!{columns[column]}{number}" if column in columns else f"{at}!{number}"

    return Rows(_rows(source, columns, title), where)


def _rows(source: Source, columns: dict[str, str], title: list[str]) -> Iterator[Row]:
    """Yield the rows; fills `columns`, the letter of each column, and `title` of the sheet."""
    sheet = _sheet(source)
    title.append(sheet.title)
    names: list[str] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        values = [_value(cell, source, f"{sheet.title}!{letters(at)}{number}") for at, cell in enumerate(cells)]
        while values and values[-1] in (None, ""):
            del values[-1]
        if all(value is None or (isinstance(value, str) and not value.strip()) for value in values):
            continue
        if not names:
            where = f"{source.path}:{sheet.title}!{number}"
            shown = ["" if value is None else _shown(value) for value in values]
            names = first_row(shown, source, where)
            columns.update({name: letters(at) for at, name in enumerate(names)})
            if source.has_header:
                continue
        if len(values) > len(names):
            if source.has_header:
                at = f"{source.path}:{sheet.title}!{letters(len(values) - 1)}{number}"
                raise DataError(
                    "the cell stands in a column without a name", where=at, hint="name it in the header, or empty it"
                )
            names = numbered(len(values))
            columns.update({name: letters(at) for at, name in enumerate(names)})
        values += [None] * (len(names) - len(values))
        yield number, dict(zip(names, values, strict=True))


def _sheet(source: Source) -> Any:
    """The sheet that the task reads. Raises DataError when the file is no workbook, or has no such sheet."""
    try:
        import openpyxl  # noqa: PLC0415 - an extra, and it takes half a second
    except ImportError as error:
        problem = f"an Excel workbook needs openpyxl, which can't be imported: {error}"
        raise DataError(problem, where=str(source.path), hint=INSTALL) from error
    where = str(source.path)
    try:
        limits.check_size(source.path.stat().st_size, limits.MAX_BYTES, source.path)
        with zipfile.ZipFile(source.path) as archive:
            limits.check_size(sum(part.file_size for part in archive.infolist()), 2 * limits.MAX_BYTES, source.path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and drawings, which are not read
            book = openpyxl.load_workbook(source.path, read_only=True, data_only=True)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError("there is no such data file", where=where, hint="check the path in the task file") from error
    except Exception as error:  # openpyxl raises what the parsers of XML and zip raise
        hint = "save it again as .xlsx without a password, or as CSV"
        raise DataError(f"this is no Excel workbook that can be read: {error}", where=where, hint=hint) from error
    sheets = book.worksheets
    if not sheets:
        raise DataError("the workbook has no sheet with cells", where=where)
    found = sheets[0]
    wanted, titles = source.form.sheet, ", ".join(repr(sheet.title) for sheet in sheets)
    if wanted is not None:
        by_number = dict(enumerate(sheets, start=1))
        fitting = by_number.get(wanted) if isinstance(wanted, int) else next((s for s in sheets if s.title == wanted), None)
        if fitting is None:
            raise DataError(f"there is no sheet {wanted!r}", where=where, hint=f"it has: {titles}")
        found = fitting
    elif len(sheets) > 1:
        source.note(f"read from the first sheet, {found.title!r}; `sheet:` names another of {titles}")
    found.reset_dimensions()  # some programs write wrong ones
    return found


def letters(index: int) -> str:
    """Letters of a column, from 0, as Excel shows them.

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    found = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def _value(cell: Any, source: Source, where: str) -> Any:
    """The value of a cell: text, a boolean, or None. Raises DataError for an error of Excel, such as #N/A."""
    value = cell.value
    if value is None or isinstance(value, str):
        if cell.data_type == "e":
            hint = "mend the formula, or empty the cell"
            raise DataError(f"the cell holds Excel's error {value}", where=f"{source.path}:{where}", hint=hint)
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, cell.number_format or "")
    return plain(value)


def _number(value: int | float, form: str) -> str:
    """A number as text, as its format shows it where that is one of zeros."""
    zeros = _ZEROS.fullmatch(form)
    if zeros:
        whole, decimals, percent = zeros.groups(default="")
        digits = len(decimals)
        text = f"{abs(value) * (100 if percent else 1):.{digits}f}"
        width = len(whole) + (digits + 1 if digits else 0)
        return ("-" if value < 0 else "") + text.zfill(width) + percent
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _shown(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
