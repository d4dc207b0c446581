"""Reads examples from data files: the one door to the formats in `reading`.

A row has an input and an output, in columns of these names or of those in the task's `columns`. For a metric that compares
with no accepted output, the output may be missing. Repeated rows are dropped and counted: an example that is there twice would
count twice in every score. A file is read to its end or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from promptwire.errors import DataError
from promptwire.security.access_log import log_access
from promptwire.tasks.columns import Columns
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.arrow import arrow_file, parquet_file
from promptwire.tasks.reading.excel import workbook
from promptwire.tasks.reading.form import KINDS, SUFFIXES, DataForm, Kind
from promptwire.tasks.reading.hub import PREFIX, hub_dataset
from promptwire.tasks.reading.json_file import json_file, json_rows
from promptwire.tasks.reading.magic import refuse_packed
from promptwire.tasks.reading.parallel import parallel_lines
from promptwire.tasks.reading.source import Rows, Source
from promptwire.tasks.reading.tables import table
from promptwire.tasks.reading.text_lines import text_lines
from promptwire.tasks.rows import example_of
from promptwire.values import Example, Examples

__all__ = ["Loaded", "open_rows", "read_examples"]

_READERS: Final[dict[Kind, Callable[[Source], Rows]]] = {
    "csv": table,
    "tsv": lambda source: table(source, tab=True),
    "json": json_file,
    "jsonl": json_rows,
    "lines": text_lines,
    "excel": workbook,
    "parquet": parquet_file,
    "arrow": arrow_file,
}


class Loaded(NamedTuple):
    """Examples of a file, and the number of repeated rows."""

    examples: Examples
    duplicates: int
    """Rows that were dropped because an equal one came before."""
    notes: tuple[str, ...] = ()
    """What was taken for granted, for the user."""


def read_examples(
    path: Path | str | tuple[Path, ...], columns: Columns | None = None, *, outputs: bool = True, form: DataForm | None = None
) -> Loaded:
    """Read the examples in the file at `path`, in order, or in a data set `hf:...`. Without `outputs` an example needs none.

    Of several paths, the first holds an input a line, each other one an accepted output a line. `form` says how a file is
    written where it does not tell itself. Raises DataError when the file is missing, empty, of an unknown kind, or a row is
    not an example.
    """
    path, others = (path[0], path[1:]) if isinstance(path, tuple) else (path, ())
    source = Source(Path(path), columns or Columns(), form or DataForm(), outputs)
    rows, where = open_rows(path, source) if not others else _open_together(source, others)
    unique: dict[str, Example] = {}
    count = 0
    for number, row in rows:
        if count >= limits.MAX_ROWS:
            raise DataError(f"the data file has more than {limits.MAX_ROWS:,} rows", where=str(path), hint=limits.SMALLER)
        count += 1
        example = example_of(row, source.columns, partial(where, number), outputs=outputs)
        unique[example.id] = example  # at the place of the first, with the other columns of the last, as Examples.of
    if not count:
        raise DataError("the data file holds no examples", where=str(path), hint="put at least one row into it")
    return Loaded(Examples(items=tuple(unique.values())), count - len(unique), tuple(source.notes))


def _open_together(source: Source, others: tuple[Path, ...]) -> Rows:
    for path in (source.path, *others):
        log_access(path, data=True)
    return parallel_lines(source, others)


def open_rows(path: Path | str, source: Source) -> Rows:
    """The rows of the file at `path`, or of a data set `hf:...`, and where they are. Raises DataError."""
    if isinstance(path, str) and path.startswith(PREFIX):
        return hub_dataset(path, source)
    log_access(source.path, data=True)
    suffix = source.path.suffix.lower()
    kind = source.form.format or KINDS.get(suffix)
    if kind is None:
        refuse_packed(source.path)
        hint = f"known: {', '.join(SUFFIXES)}; or write `format:` under `data`"
        raise DataError(f"unknown kind of data file {suffix!r}", where=str(path), hint=hint)
    return _READERS[kind](source)
