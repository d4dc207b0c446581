"""`graph`: a pipeline as a picture."""

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
    """How a picture is made."""

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
        typer.Option(
            "--format", help="For the terminal, for what draws Mermaid or Graphviz, or a picture. As the file's name ends."
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="The file to write; standard output when left out.")] = None,
    param: Params = None,
    patch: Patches = None,
    plugins: Plugins = None,
) -> None:
    """Draw a pipeline, inner pipelines included: loops as frames, ports on wires."""
    from promptwire.errors import UsageError
    from promptwire.language.check import load_graph

    chosen = form or _by_name(to)
    if chosen is Format.png and to is None:
        raise UsageError("a PNG is no text for a terminal", where="--format png", hint="name a file: -o picture.png")
    picture = _painted(load_graph(pipeline, params=pairs(param, "-p"), patches=pairs(patch, "--set")), chosen)
    if to is None:
        sys.stdout.write(picture.decode())
        return
    try:
        to.write_bytes(picture)
    except OSError as error:
        raise UsageError(f"can't be written: {error.strerror}", where=str(to)) from error
    sys.stdout.write(f"{to}\n")


def _by_name(to: Path | None) -> Format:
    """The format that a file's name asks for."""
    from promptwire.errors import UsageError

    if to is None:
        return Format.text
    suffix = to.suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix.lstrip(".") in (Format.svg, Format.png):
        return Format(suffix.lstrip("."))
    raise UsageError(f"{to.name!r} does not say what it is to be", where="-o", hint="end it in .svg, .png, .mmd, .dot or .txt")


def _painted(found: Graph, form: Format) -> bytes:
    from promptwire.drawing import dot, mermaid, text
    from promptwire.drawing.graphviz import draw

    if form in (Format.svg, Format.png):
        return draw(dot.paint(found), form.value)
    painters = {Format.text: text.paint, Format.mermaid: mermaid.paint, Format.dot: dot.paint}
    return painters[form](found).encode()
