"""How data files are written: what a task file says under `data` when the file itself does not tell."""

from __future__ import annotations

import codecs
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from promptwire.documents.validation_errors import describe
from promptwire.values import Model

__all__ = ["KINDS", "SUFFIXES", "DataForm", "Kind"]

Kind = Literal["csv", "tsv", "json", "jsonl", "lines", "excel", "parquet", "arrow"]

KINDS: Final[dict[str, Kind]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".psv": "csv",
    ".txt": "lines",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
"""Format by the end of a file's name."""
SUFFIXES: Final = tuple(KINDS)

_DELIMITERS: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class DataForm(Model):
    """How data files are written. Each key is needed only where the file itself does not tell."""

    format: Kind | None = None
    """Format of the files; by default as their names say."""
    encoding: str | None = None
    """Encoding of text files, such as `cp1252`; by default UTF-8, or UTF-16 with a byte order mark."""
    delimiter: str | None = None
    """Character between the cells of a row, or `tab`; by default by sniffing."""
    quotes: bool | None = None
    """Whether a cell may stand in double quotes. `false`: a quote is a character as any other."""
    header: bool | None = None
    """Whether the first row names the columns; by default unless the task's `columns` are numbers."""
    comment: str | None = Field(default=None, min_length=1)
    """Beginning of lines that are left out, such as `#`."""
    sheet: str | int | None = None
    """Sheet of an Excel workbook, by name or by number from 1; by default the first."""
    rows: str | None = Field(default=None, min_length=1)
    """Key of a JSON file that holds the rows, such as `examples`, or `a.b`."""

    @field_validator("sheet", mode="before")
    @classmethod
    def _is_a_sheet(cls, sheet: Any) -> Any:
        if sheet is not None and (isinstance(sheet, bool) or not isinstance(sheet, str | int) or sheet in (0, "")):
            raise ValueError(f"a sheet is a name, or a number from 1, not {describe(sheet)}")
        return sheet

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        if name is None:
            return None
        hint = "write utf-8, utf-16, cp1252, latin-1, or another encoding that Python knows"
        try:
            known = codecs.lookup(name)
            "".encode(name)  # refuses codecs that are none of text, such as base64
        except (LookupError, ValueError) as error:
            raise ValueError(f"{name!r} is no known encoding; {hint}") from error
        return known.name

    @field_validator("delimiter")
    @classmethod
    def _is_a_character(cls, given: str | None) -> str | None:
        found = _DELIMITERS.get(given, given) if given is not None else None
        if found is not None and (len(found) != 1 or found in '"\r\n'):
            raise ValueError(f"a delimiter is one character or `tab`, not {given!r}")
        return found
