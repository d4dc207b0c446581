"""Reads inputs and their accepted outputs from text files line by line: inputs in the first, outputs in each of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from promptwire.errors import DataError
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.source import Row, Rows, Source, lines_of

__all__ = ["parallel_lines"]


def parallel_lines(source: Source, others: Sequence[Path]) -> Rows:
    """The lines of the file of `source` as inputs, and those of `others` as outputs. Lines empty in all are left out."""
    return Rows(_rows(source, others), source.by_line)


def _rows(source: Source, others: Sequence[Path]) -> Iterator[Row]:
    if not source.columns.single:
        raise DataError(
            "text files hold one input a line, not several fields", where=str(source.path), hint="leave `columns` out"
        )
    files = [source, *(replace(source, path=path) for path in others)]
    streams = [lines_of(one, limits.MAX_BYTES) for one in files]
    for number, lines in enumerate(zip_longest(*streams), start=1):
        ended = [one.path for one, line in zip(files, lines, strict=True) if line is None]
        if ended:
            going = next(one for one, line in zip(files, lines, strict=True) if line is not None)
            problem = f"the file ends after {number - 1} lines, but {going.path} goes on"
            raise DataError(problem, where=str(ended[0]), hint="each line belongs to the same line of the other files")
        texts = [line.rstrip("\n") for line in lines if line is not None]
        if any(text.strip() for text in texts):
            outputs = [text for text in texts[1:] if text.strip()]
            yield number, {source.columns.inputs[0]: texts[0], source.columns.target: outputs}
