"""DOT as SVG or PNG, through pygraphviz, whose wheels bring Graphviz along. The only module that knows it.

It is an extra and imported here alone. Graphviz and its fonts write to the process's standard error on their own; that is
caught and shown only when the drawing fails.
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
_SHARP: Final = "144"
"""Dots per inch of a PNG, twice what a screen of old had."""


def draw(dot: str, form: str) -> bytes:
    """The picture of `dot` as `form`, one of `FORMATS`.

    Raises UsageError when pygraphviz is not installed or can't draw it.
    """
    try:
        import pygraphviz  # noqa: PLC0415 - an extra
    except ImportError as error:
        remedy = "pip install 'promptwire[pictures]'; or --format dot or mermaid, which need nothing"
        raise UsageError(f"drawing {form} needs pygraphviz, which can't be imported: {error}", hint=remedy) from error
    with _caught() as said:
        try:
            graph = pygraphviz.AGraph(string=dot)
            if form == "png":
                graph.graph_attr["dpi"] = _SHARP
            drawn = graph.draw(format=form, prog="dot")
        except Exception as error:
            said.seek(0)
            detail = said.read().strip() or str(error)
            raise UsageError(f"Graphviz can't draw it: {detail}", hint="--format dot shows what it was given") from error
    return bytes(drawn)


@contextmanager
def _caught() -> Iterator[IO[str]]:
    """A file that takes what libraries in C write to standard error until the block ends."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            os.dup2(said.fileno(), 2)
            try:
                yield said
            finally:
                os.dup2(kept, 2)
    finally:
        os.close(kept)
