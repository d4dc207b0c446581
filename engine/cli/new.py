"""`new`: make a folder with a pipeline to change."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptwire.cli.arguments import Plugins

__all__ = ["new"]


def new(
    name: Annotated[str, typer.Argument(help="Name of the pipeline and of its folder.")],
    source: Annotated[str, typer.Option("--from", help="Pipeline to copy: a shipped name or a file.")] = "ape",
    plugins: Plugins = None,
) -> None:
    """Make a folder with a pipeline to change. It holds the templates and a task to try it on, too."""
    from promptwire.cli.scaffold import make_starter

    for file in make_starter(name, source):
        sys.stdout.write(f"{file}\n")
    sys.stdout.write(f"\nTry it:  cd {name} && promptwire run {name}.yaml --task task --model scripted:planted\n")
