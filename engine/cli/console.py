"""Console and tables of the command line, through Rich. Text of models and files is never read as Rich markup.

Progress goes to standard error and results to standard output, so that a pipe gets only results.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from promptwire.security.sanitizer import sanitize

__all__ = ["SafeConsole", "console", "print_columns", "print_table", "safe_text"]

_NAME = 30
"""Columns that a name is given before it is broken."""


class SafeConsole(Console):
    """Rich console that sanitizes all text. Only Rich's own control codes reach the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as sanitized segments without links."""
        for text, style, control in super().render(renderable, options):
            if control:
                yield Segment(text, style, control)
            else:
                # Rich decodes escapes that a library prints during the progress display, and would print a link as an escape.
                yield Segment(sanitize(text), style.update_link(None) if style is not None and style.link else style)


def console(*, stderr: bool = False) -> SafeConsole:
    """Console on standard output or standard error. The terminal wraps long lines of standard output."""
    return SafeConsole(file=_unwrapped(sys.stderr if stderr else sys.stdout), highlight=False, soft_wrap=not stderr)


def _unwrapped(stream: TextIO) -> TextIO:
    """The stream below all filters. Rich itself looks below one, and its moving display puts another one on top."""
    while (inner := getattr(stream, "rich_proxied_file", None)) is not None:
        stream = inner
    return stream


def print_table(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...], console: Console) -> None:
    """Print a plain table. Its first column holds names, which are not broken where they can be kept whole."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_header=any(heads))
    names = max((len(row[0]) for row in rows), default=0)
    for column, head in enumerate(heads):
        table.add_column(head, overflow="fold", min_width=min(names, _NAME) if column == 0 else None)
    for row in rows:
        table.add_row(*(safe_text(cell) for cell in row))
    console.print(table)


def print_columns(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...], console: Console) -> None:
    """Print aligned columns whose cells are never broken. For thousands of rows, which a Rich table takes seconds for."""
    lines = [tuple(sanitize(cell) for cell in row) for row in (heads, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]

    def aligned(line: tuple[str, ...]) -> str:
        cells = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        return "  ".join(cells).rstrip()

    head, *rest = map(aligned, lines)
    console.print(Text(head, style="dim"), soft_wrap=True)
    console.print(Text("\n".join(rest)), soft_wrap=True)


def safe_text(text: str, style: str = "") -> Text:
    """`text` as Rich text, sanitized before layout."""
    return Text(sanitize(text), style=style)
