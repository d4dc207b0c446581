"""How a table is written: delimiter, quotes, header. A fixed rule decides, and a note says what was taken.

What the task file says comes first, then a first line `sep=;`, as Excel writes it. In a file with a header, the delimiter is
the first of comma, semicolon, tab and `|` for which the header has the columns that the task needs. Tab comes first in a .tsv
file. Without a header it is the first of tab, semicolon, `|` and comma that cuts all of the first rows into equally many cells,
and into as many as the task needs. Comma comes last there: sentences are full of commas.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from promptwire.errors import DataError
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.source import Source, lines_of

__all__ = ["Dialect", "choose_dialect", "has_named_header"]

_NAMED: Final = (",", ";", "\t", "|")
_UNNAMED: Final = ("\t", ";", "|", ",")
_LOOKED_AT: Final = 100
"""Rows by which the delimiter of a file without a header is chosen."""
_SEP: Final = re.compile(r'"?sep=(.)"?\s*')
_WORDS: Final = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}


class Dialect(NamedTuple):
    """How one table is written."""

    delimiter: str
    """Character between cells."""
    quotes: bool = True
    """Whether a cell may stand in double quotes."""
    spaced: bool = False
    """Whether a blank follows each delimiter, which belongs to no cell."""
    sep: bool = False
    """Whether the first line names the delimiter."""

    def reader(self, lines: Iterator[str], *, strict: bool = True) -> Any:
        """Reader of rows of cells, which counts lines. It raises csv.Error when `strict` and the quotes make no sense."""
        # The limit belongs to the whole process, so it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), limits.MAX_LINE))
        if not self.quotes:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self.delimiter, strict=strict, skipinitialspace=self.spaced)


def choose_dialect(source: Source, *, tab: bool) -> Dialect:
    """How the table of `source` is written; `tab` is for files that are named as separated by tabs. Adds notes."""
    form = source.form
    head = _head(source)
    sep = _SEP.fullmatch(head[0].rstrip("\n")) if head else None
    head = head[1:] if sep else head
    usual = "\t" if tab else ","
    order = (usual, *(one for one in (_NAMED if source.has_header else _UNNAMED) if one != usual or not source.has_header))
    if form.delimiter or sep:
        delimiter = form.delimiter or (sep[1] if sep else usual)
    elif source.has_header:
        delimiter = _by_header(head, order, source)
    else:
        delimiter = _by_rows(head, tuple(dict.fromkeys(_UNNAMED)), source) or usual
    if delimiter != usual and form.delimiter is None:
        source.note(f"cells end at {_WORDS.get(delimiter, repr(delimiter))}")
    dialect = Dialect(delimiter, form.quotes is not False, sep=bool(sep))
    if dialect.quotes and source.has_header and head and _is_spaced(head[0], dialect, source):
        dialect = dialect._replace(spaced=True)
    if delimiter == "\t" and form.quotes is None and not _quotes_hold(source, dialect):
        source.note("quotes are read as ordinary characters, since they don't enclose cells")
        dialect = dialect._replace(quotes=False)
    return dialect


def has_named_header(source: Source) -> bool:
    """Whether a text file's first line names the columns that the task needs, with some delimiter between them."""
    head = _head(source)
    return bool(head) and any(_fits(_first(head, one), source) for one in _NAMED)


def _head(source: Source) -> list[str]:
    """The first lines that are no comments. Leaves the file to be read from its beginning again."""
    comment = source.form.comment
    lines = (line for line in lines_of(source, limits.MAX_BYTES) if not (comment and line.startswith(comment)))
    found = list(islice(lines, _LOOKED_AT))
    while found and not found[0].strip():
        del found[0]
    return found


def _first(head: Sequence[str], delimiter: str) -> list[str]:
    rows = Dialect(delimiter).reader(iter(head), strict=False)
    return next((row for row in rows if row), [])


def _fits(names: Sequence[str], source: Source) -> bool:
    stripped = {name.strip() for name in names}
    return stripped.issuperset(source.wanted)


def _by_header(head: Sequence[str], order: Sequence[str], source: Source) -> str:
    """The delimiter for which the header fits; where none does, that of the most cells, for the error."""
    found = {one: _first(head, one) for one in order}
    fitting = next((one for one in order if _fits(found[one], source)), None)
    return fitting or max(order, key=lambda one: len(found[one]))


def _by_rows(head: Sequence[str], order: Sequence[str], source: Source) -> str:
    """The delimiter that cuts the first rows into equally many cells, or else most of them; empty when none does.

    Raises DataError when another one, which comes earlier in `order`, cuts most of them so: the others may be short rows.
    """
    needed = max((int(name) for name in source.wanted if name.isdecimal()), default=0)
    other = ("", 0)
    for one in order:
        counts = _counts(head, one, source)
        fitting = {count: rows for count, rows in counts.items() if count > max(needed, 1)}
        most = max(fitting.values(), default=0)
        if most and len(counts) == 1:
            if other[1]:
                raise _doubtful(one, other, most, source)
            return one
        if 2 * most > counts.total() > 1 and not other[1]:
            other = (one, most)
    return other[0] if needed else ""


def _counts(head: Sequence[str], delimiter: str, source: Source) -> Counter[int]:
    """How many of the first rows `delimiter` cuts into how many cells; nothing where it can't be read so."""
    reader = Dialect(delimiter, source.form.quotes is not False).reader(iter(head), strict=False)
    try:
        rows = [row for row in reader if any(row)]
    except csv.Error:
        return Counter()
    # The last row may go on after the lines that were looked at.
    return Counter(len(row) for row in (rows[:-1] if len(head) == _LOOKED_AT else rows))


def _doubtful(one: str, other: tuple[str, int], rows: int, source: Source) -> DataError:
    """The error for a table whose cells may end at `one` or, in most of its first `rows`, at `other`."""
    names = [_WORDS.get(each, repr(each)) for each in (one, other[0])]
    problem = f"cells may end at {names[0]}, or at {names[1]}, which {other[1]} of the first {rows} rows have"
    told = ["tab" if each == "\t" else f'"{each}"' for each in (one, other[0])]
    hint = f"write `delimiter: {told[0]}` or `delimiter: {told[1]}` under `data`"
    return DataError(problem, where=str(source.path), hint=hint)


def _is_spaced(header: str, dialect: Dialect, source: Source) -> bool:
    """Whether each name of the header after the first begins with a blank that the task does not name."""
    names = _first([header], dialect.delimiter)
    return len(names) > 1 and all(name.startswith(" ") for name in names[1:]) and not set(source.wanted) <= set(names)


def _quotes_hold(source: Source, dialect: Dialect) -> bool:
    """Whether the whole file can be read with quotes that enclose cells."""
    lines = lines_of(source, limits.MAX_BYTES)
    try:
        for _ in dialect.reader(lines):
            pass
    except csv.Error:
        return False
    return True


def quote_error(error: csv.Error, source: Source, line: int) -> DataError:
    """The error for quotes that make no sense in the row that begins at `line`."""
    text = str(error)
    hint = 'a cell with a quote in it is written as "say ""yes"" to it"; where quotes are ordinary characters, `quotes: false`'
    if "unexpected end of data" in text:
        text = "a quote that opens in this row is never closed"
    elif "field larger" in text:
        text = f"a cell of more than {limits.MAX_LINE:,} characters; a quote may be missing at its end"
    return DataError(f"not CSV: {text}", where=source.by_line(line), hint=hint)
