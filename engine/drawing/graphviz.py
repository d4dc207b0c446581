"""DOT as SVG or PNG, through pygraphviz, whose wheels contain Graphviz.

pygraphviz is an optional dependency and only imported here. Graphviz and its font libraries write to the process's standard
error; that text is captured, and shown only if the drawing fails.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from promptwire.errors import UsageError

__all__ = ["FORMATS", "draw"]

FORMATS: Final = ("svg", "png")
_DPI: Final = "144"
"""Dots per inch of a PNG, for screens of high resolution."""


def draw(dot: str, form: str) -> bytes:
    """Draw `dot` as `form`, one of `FORMATS`.

    Raises UsageError if pygraphviz is not installed or can't draw it.
    """
    try:
        import pygraphviz  # noqa: PLC0415 - an extra
    except ImportError as error:
        remedy = "pip install 'promptwire[pictures]'; or use --format dot or mermaid, which need no extra"
        raise UsageError(f"drawing {form} needs pygraphviz, which can't be imported: {error}", hint=remedy) from error
    with _captured_stderr() as captured:
        try:
            graph = pygraphviz.AGraph(string=dot)
            if form == "png":
                graph.graph_attr["dpi"] = _DPI
            drawn = graph.draw(format=form, prog="dot")
        except Exception as error:
            captured.seek(0)
            detail = captured.read().strip() or str(error)
            raise UsageError(f"Graphviz can't draw it: {detail}", hint="--format dot prints its input") from error
    return bytes(drawn)


@contextmanager
def _captured_stderr() -> Iterator[IO[str]]:
    """Redirect standard error, including that of C libraries, to a file until the block ends."""
    sys.stderr.flush()
    stderr = os.dup(2)
    try:
        with tempfile.TemporaryFile("w+", errors="replace") as captured:
            os.dup2(captured.fileno(), 2)
            try:
                yield captured
            finally:
                os.dup2(stderr, 2)
    finally:
        os.close(stderr)
