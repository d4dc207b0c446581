"""`graph`: a pipeline as a picture."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from promptwire.commands.arguments import Params, Patches, Pipeline, Plugins, pairs

__all__ = ["Format", "graph"]


class Format(StrEnum):
    """How a picture is made."""

    text = "text"
    mermaid = "mermaid"


def graph(
    pipeline: Pipeline,
    form: Annotated[Format, typer.Option("--format", help="For the terminal, or for what draws Mermaid.")] = Format.text,
    param: Params = None,
    patch: Patches = None,
    plugins: Plugins = None,
) -> None:
    """Draw a pipeline, inner pipelines included: loops as frames, ports on wires."""
    from promptwire.drawing import mermaid, outline
    from promptwire.language.check import load_graph

    found = load_graph(pipeline, params=pairs(param, "-p"), sets=pairs(patch, "--set"))
    sys.stdout.write((mermaid if form is Format.mermaid else outline).paint(found))
