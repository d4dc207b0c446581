"""`graph`: draw a pipeline."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Params, Patches, Pipeline, Plugins, pairs

if TYPE_CHECKING:
    from promptwire.graph.steps import Graph

__all__ = ["Format", "graph"]


class Format(StrEnum):
    """Formats of a drawing."""

    text = "text"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    png = "png"


_SUFFIXES = {".txt": Format.text, ".mmd": Format.mermaid, ".mermaid": Format.mermaid, ".dot": Format.dot, ".gv": Format.dot}


def graph(
    pipeline: Pipeline,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Format of the drawing. Default: from the file name's ending, or text."),
    ] = None,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="File to write. Default: standard output.")] = None,
    param: Params = None,
    patch: Patches = None,
    plugins: Plugins = None,
) -> None:
    """Draw a pipeline. Loops and inner pipelines are frames; wires show their ports."""
    from promptwire.errors import UsageError
    from promptwire.language.check import load_graph

    chosen = form or _format_of(to)
    if chosen is Format.png and to is None:
        raise UsageError("a PNG can't be printed to a terminal", where="--format png", hint="name a file: -o picture.png")
    drawing = _draw(load_graph(pipeline, params=pairs(param, "-p"), patches=pairs(patch, "--set")), chosen)
    if to is None:
        sys.stdout.write(drawing.decode())
        return
    try:
        to.write_bytes(drawing)
    except OSError as error:
        raise UsageError(f"can't be written: {error.strerror}", where=str(to)) from error
    sys.stdout.write(f"{to}\n")


def _format_of(to: Path | None) -> Format:
    """Format by the file name's ending. Raises UsageError for an unknown ending."""
    from promptwire.errors import UsageError

    if to is None:
        return Format.text
    suffix = to.suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix.lstrip(".") in (Format.svg, Format.png):
        return Format(suffix.lstrip("."))
    raise UsageError(f"unknown format of {to.name!r}", where="-o", hint="end the name in .svg, .png, .mmd, .dot or .txt")


def _draw(graph: Graph, form: Format) -> bytes:
    from promptwire.drawing import dot, mermaid, text
    from promptwire.drawing.graphviz import draw

    if form in (Format.svg, Format.png):
        return draw(dot.render(graph), form.value)
    renderers = {Format.text: text.render, Format.mermaid: mermaid.render, Format.dot: dot.render}
    return renderers[form](graph).encode()
