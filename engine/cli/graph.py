"""`graph`: draw a pipeline."""

from __future__ import annotations

import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Params, Patches, Plugins, pairs

if TYPE_CHECKING:
    from promptwire.graph.steps import Graph

__all__ = ["Format", "graph"]


class Format(StrEnum):
    """Formats of a drawing, and of the graph itself for other tools."""

    text = "text"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    png = "png"
    json = "json"
    graphml = "graphml"


_SUFFIXES = {
    ".txt": Format.text,
    ".mmd": Format.mermaid,
    ".mermaid": Format.mermaid,
    ".dot": Format.dot,
    ".gv": Format.dot,
    ".graphml": Format.graphml,
}
_CHANGES = "changes"
"""Note on a step that can change, with `--from`."""


def graph(
    pipeline: Annotated[
        str, typer.Argument(metavar="PIPELINE|RUN", help="A shipped pipeline or a YAML file; with --lineage a run or `last`.")
    ],
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Format of the drawing. Default: from the file name's ending, or text."),
    ] = None,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="File to write. Default: standard output.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Mark the steps that can change when this one changes.")
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(min=0, help="Open inner pipelines down to this depth. Default: all in text, none in a large picture."),
    ] = None,
    lineage: Annotated[bool, typer.Option("--lineage", help="Draw the prompts of a run and their parents.")] = False,
    param: Params = None,
    patch: Patches = None,
    plugins: Plugins = None,
) -> None:
    """Draw a pipeline. Loops and inner pipelines are frames; wires show their ports."""
    from promptwire.errors import UsageError

    chosen = form or _format_of(to)
    if chosen is Format.png and to is None:
        raise UsageError("a PNG can't be printed to a terminal", where="--format png", hint="name a file: -o picture.png")
    width = shutil.get_terminal_size().columns if to is None and sys.stdout.isatty() else None
    if lineage:
        drawing = _draw_lineage(pipeline, chosen, width)
    else:
        from promptwire.language.check import load_graph

        loaded = load_graph(pipeline, params=pairs(param, "-p"), patches=pairs(patch, "--set"))
        drawing = _draw(loaded, chosen, _changed(loaded, start), depth, width)
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
    if suffix.lstrip(".") in (Format.svg, Format.png, Format.json):
        return Format(suffix.lstrip("."))
    hint = "end the name in .svg, .png, .mmd, .dot, .txt, .json or .graphml"
    raise UsageError(f"unknown format of {to.name!r}", where="-o", hint=hint)


def _changed(graph: Graph, start: str | None) -> dict[str, str]:
    """Notes on the steps that can change when the step `start` does. Raises UsageError for an unknown step."""
    from promptwire.errors import UsageError, suggest

    if start is None:
        return {}
    from promptwire.networks.pipeline import dependents, make_network

    network = make_network(graph)
    if start not in network:
        raise UsageError(
            f"{graph.name} has no step {start!r}", where="--from", hint=suggest(start, list(network), noun="steps")
        )
    return dict.fromkeys(dependents(network, start), _CHANGES)


def _draw(graph: Graph, form: Format, notes: dict[str, str], depth: int | None, width: int | None) -> bytes:
    from promptwire.drawing import dot, mermaid, text
    from promptwire.drawing.graphviz import draw

    if form in (Format.json, Format.graphml):
        from promptwire.networks.formats import to_graphml, to_json
        from promptwire.networks.pipeline import make_network

        network = make_network(graph)
        for path in notes:
            network.nodes[path][_CHANGES] = True
        return (to_json(network) if form is Format.json else to_graphml(network)).encode()
    if form in (Format.svg, Format.png):
        return draw(dot.render(graph, notes, depth=depth), form.value)
    if form is Format.text:
        return text.render(graph, notes, depth=depth, width=width).encode()
    render = mermaid.render if form is Format.mermaid else dot.render
    return render(graph, notes, depth=depth).encode()


def _draw_lineage(run: str, form: Format, width: int | None) -> bytes:
    """The prompts of a run and their parents. Raises UsageError for a format that has no such drawing."""
    from promptwire.drawing.graphviz import draw
    from promptwire.errors import UsageError
    from promptwire.networks.formats import to_graphml, to_json
    from promptwire.networks.lineage import lineage_dot, lineage_text, make_lineage
    from promptwire.results.run import Run
    from promptwire.results.run_list import find_run

    network = make_lineage(Run.open(find_run(run)))
    if form is Format.mermaid:
        raise UsageError("a lineage is not drawn as mermaid", where="--format", hint="use text, dot, svg, png, json or graphml")
    if form in (Format.svg, Format.png):
        return draw(lineage_dot(network), form.value)
    if form is Format.text:
        return lineage_text(network, width).encode()
    writers = {Format.dot: lineage_dot, Format.json: to_json, Format.graphml: to_graphml}
    return writers[form](network).encode()
