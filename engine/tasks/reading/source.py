"""A data file, its lines and bytes, and one clear error when it is none that can be read as text."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import IncrementalNewlineDecoder, StringIO
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from promptwire.errors import DataError
from promptwire.tasks.columns import Columns
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.encodings import WIDE, encoding_of_mark, likely_encoding, looks_wide
from promptwire.tasks.reading.form import DataForm
from promptwire.tasks.reading.magic import refuse_other_kinds

__all__ = ["Row", "Rows", "Source", "lines_of"]

Row = tuple[int, dict[str, Any]]
"""Number of a row, as its format counts them, and its cells."""
_HEAD: Final = 4096
_SHOWN: Final = 200
_AROUND: Final = 2000
"""Bytes around an invalid one by which the encoding is guessed."""


class Rows(NamedTuple):
    """Rows of a data file, and where they are."""

    rows: Iterator[Row]
    """Number and cells of each row."""
    where: Callable[[int, str], str]
    """Where the cell of a row in a column is, for an error."""


@dataclass(frozen=True, slots=True)
class Source:
    """One data file and what the task says about it."""

    path: Path
    """The file."""
    columns: Columns = field(default_factory=Columns)
    """Columns of input and output."""
    form: DataForm = field(default_factory=DataForm)
    """How the file is written, as far as the task says."""
    outputs: bool = True
    """Whether each row needs an accepted output."""
    notes: list[str] = field(default_factory=list)
    """What was taken for granted, for the user."""
    any_columns: bool = False
    """Whether any columns will do: for a reader that looks which ones there are."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the columns that every row has."""
        return () if self.any_columns and not self.columns.numbered else self.columns.wanted(outputs=self.outputs)

    @property
    def has_header(self) -> bool:
        """Whether the first row names the columns."""
        return not self.columns.numbered if self.form.header is None else self.form.header

    def note(self, text: str) -> None:
        """Add a note once."""
        if text not in self.notes:
            self.notes.append(text)

    def by_line(self, line: int, column: str = "") -> str:
        """Where a line is."""
        return f"{self.path}:{line}"


def lines_of(source: Source, most: int, *, long: bool = False) -> Iterator[str]:
    """Yield the lines of the file, read one at a time. Every kind of line end becomes a line feed. `long` allows any length."""
    try:
        with source.path.open("rb") as file:
            limits.check_size(os.fstat(file.fileno()).st_size, most, source.path)
            head = file.read(_HEAD)
            file.seek(0)
            refuse_other_kinds(head, source.path)
            encoding = _encoding(source, head)
            read = _wide_lines if encoding in WIDE else _byte_lines
            yield from read(source, file, encoding, most if long else limits.MAX_LINE)
    except FileNotFoundError as error:
        raise DataError("there is no such data file", where=str(source.path), hint="check the path in the task file") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"the data file can't be read: {reason}", where=f"{source.path}"[:_SHOWN]) from error


def _encoding(source: Source, head: bytes) -> str:
    marked = encoding_of_mark(head)
    given = source.form.encoding
    if marked and marked != "utf-8-sig":
        source.note(f"read as {marked.upper()}, by its byte order mark")
    if marked:
        return marked
    if given is None and (wide := looks_wide(head)):
        hint = f"write `encoding: {wide}` under `data`, or save the file as UTF-8"
        problem = "the file is not UTF-8: it looks like UTF-16 without a byte order mark (NUL at byte"
        raise DataError(f"{problem} {head.index(0)})", where=f"{source.path}:1", hint=hint)
    if given in ("utf-16", "utf-32"):
        hint = (
            f"write `encoding: {looks_wide(head) or given + '-le'}` under `data`, or leave `encoding` out for a file in UTF-8"
        )
        raise DataError(f"the file has no byte order mark, which {given.upper()} needs", where=f"{source.path}:1", hint=hint)
    return given or "utf-8"


def _byte_lines(source: Source, file: BinaryIO, encoding: str, longest: int) -> Iterator[str]:
    """Lines of a file whose encoding writes a line feed as one byte."""
    size = number = 0
    while raw := file.readline(longest + 1):
        number += 1
        if len(raw) > longest:
            raise DataError(f"a line of more than {longest:,} bytes", where=source.by_line(number), hint=limits.SMALLER)
        try:
            text = raw.decode(encoding if number == 1 or encoding != "utf-8-sig" else "utf-8")
        except UnicodeDecodeError as error:
            raise _not_decoded(source, error, size, number, raw + file.read(_AROUND)) from error
        if "\0" in text:
            at = size + raw.index(0)
            hint = "the file is damaged, or no text: take the character out, or export the file again"
            raise DataError(f"a NUL character at byte {at}", where=source.by_line(number), hint=hint)
        size += len(raw)
        if text.endswith("\n") and "\r" not in text:
            yield text
        else:
            yield from StringIO(text, newline=None)


def _wide_lines(source: Source, file: BinaryIO, encoding: str, longest: int) -> Iterator[str]:
    """Lines of a file in UTF-16 or UTF-32."""
    decode = IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    number, rest, size, final = 1, "", 0, False
    while not final:
        raw = file.read(2**16)
        final = not raw
        try:
            rest += decode.decode(raw, final=final)
        except UnicodeDecodeError as error:
            hint = "save the file as UTF-8, or write its `encoding:` under `data`"
            problem = f"the file is not {encoding.upper()}: {error.reason} at about byte {size + error.start}"
            raise DataError(problem, where=source.by_line(number), hint=hint) from error
        size += len(raw)
        *whole, rest = rest.split("\n")
        for line in whole:
            yield f"{line}\n"
        number += len(whole)
        if len(rest) > longest:
            raise DataError(f"a line of more than {longest:,} characters", where=source.by_line(number), hint=limits.SMALLER)
    if rest:
        yield rest


def _not_decoded(source: Source, error: UnicodeDecodeError, before: int, line: int, around: bytes) -> DataError:
    """The error for bytes that are not of the file's encoding; `around` begins with the line that holds them."""
    at = before + error.start
    name = error.encoding.upper()
    bad = error.object[error.start]
    problem = f"the file is not {name}: {error.reason} at byte {at} (0x{bad:02X})"
    if source.form.encoding is not None and not error.encoding.startswith("utf"):
        hint = "write another `encoding:` under `data`"
    elif _has_utf8(source, at):
        hint = "the text before it is UTF-8, so this byte is damaged: mend it, or export the file again as UTF-8"
    else:
        likely = likely_encoding(around[max(0, error.start - _AROUND) :][: 2 * _AROUND])
        hint = f"it looks like {likely}: write `encoding: {likely}` under `data` in the task file"
    return DataError(problem, where=source.by_line(line), hint=hint)


def _has_utf8(source: Source, end: int) -> bool:
    """Whether the bytes before `end`, all of them UTF-8, hold a character above 127."""
    with source.path.open("rb") as file:
        return not file.read(end).isascii()
