"""Reads Parquet and Arrow files with pyarrow, which is an extra and only imported here. Rows are read in batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from promptwire.errors import DataError
from promptwire.tasks.columns import repeated
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.cells import plain
from promptwire.tasks.reading.source import Row, Rows, Source

__all__ = ["INSTALL", "arrow_file", "parquet_file"]

INSTALL: Final = "pip install 'promptwire[parquet]'"
"""Command that installs pyarrow."""
_BATCH: Final = 1000
"""Rows that are in memory at a time."""


def parquet_file(source: Source) -> Rows:
    """The rows of a Parquet file."""
    return Rows(_rows(source, _parquet_batches), _where(source))


def arrow_file(source: Source) -> Rows:
    """The rows of an Arrow file (Feather version 2), or of an Arrow stream."""
    return Rows(_rows(source, _arrow_batches), _where(source))


def _where(source: Source) -> Any:
    return lambda number, column: f"{source.path}, row {number}"


def _rows(source: Source, batches: Any) -> Iterator[Row]:
    pyarrow = _library(source)
    where, number = str(source.path), 0
    try:
        limits.check_size(source.path.stat().st_size, limits.MAX_BYTES, source.path)
        for batch in batches(source):
            for row in _plain_rows(batch, number, source):
                number += 1
                yield number, row
    except FileNotFoundError as error:
        raise DataError("there is no such data file", where=where, hint="check the path in the task file") from error
    except (pyarrow.ArrowException, OSError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"the file can't be read: {text}", where=where, hint="write it again, for example with pandas"
        ) from error


def _library(source: Source) -> Any:
    try:
        import pyarrow  # noqa: PLC0415 - an extra
        import pyarrow.ipc  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        problem = f"a Parquet or Arrow file needs pyarrow, which can't be imported: {error}"
        raise DataError(problem, where=str(source.path), hint=INSTALL) from error
    return pyarrow


def _parquet_batches(source: Source) -> Iterator[Any]:
    pyarrow = _library(source)
    with pyarrow.parquet.ParquetFile(source.path) as file:
        _refuse_repeated(file.schema_arrow.names, source)
        yield from file.iter_batches(batch_size=_BATCH, columns=_readable(file.schema_arrow, source))


def _arrow_batches(source: Source) -> Iterator[Any]:
    pyarrow = _library(source)
    with pyarrow.memory_map(str(source.path)) as file:
        try:
            reader = pyarrow.ipc.open_file(file)
        except pyarrow.ArrowInvalid:
            file.seek(0)
            reader = pyarrow.ipc.open_stream(file)
        _refuse_repeated(reader.schema.names, source)
        names = _readable(reader.schema, source)
        whole = (reader.get_batch(at) for at in range(reader.num_record_batches)) if hasattr(reader, "get_batch") else reader
        for batch in whole:
            for start in range(0, batch.num_rows, _BATCH):
                yield batch.slice(start, _BATCH).select(names)


def _refuse_repeated(names: list[str], source: Source) -> None:
    if again := repeated(names):
        raise DataError(
            f"the column {again!r} is there twice", where=str(source.path), hint="give each column a name of its own"
        )


def _readable(schema: Any, source: Source) -> list[str]:
    """Names of the columns that are read: those of bytes, such as pictures, only where the task names them."""
    named = {name.split(".")[0] for name in (*source.columns.inputs, source.columns.target)}
    left = [column.name for column in schema if _holds_bytes(column.type) and column.name not in named]
    if left:
        source.note(f"columns of bytes are left out: {', '.join(left)}")
    return [name for name in schema.names if name not in left]


def _holds_bytes(kind: Any) -> bool:
    return "binary" in str(kind)


def _plain_rows(batch: Any, before: int, source: Source) -> Iterator[dict[str, Any]]:
    """The rows of a batch as JSON has them. Raises DataError for bytes that are no text."""
    for number, row in enumerate(batch.to_pylist(), start=before + 1):
        found = {}
        for at, (name, value) in enumerate(row.items()):
            try:
                found[str(at) if source.columns.numbered else name] = plain(value)
            except ValueError as error:
                problem = f"the column {name!r} holds bytes that are no UTF-8"
                raise DataError(problem, where=f"{source.path}, row {number}", hint="store it as text") from error
        yield found
