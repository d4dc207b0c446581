"""Arguments that several commands share, as Typer annotations, and their parsing."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Json", "Params", "Patches", "Pipeline", "Plugins", "Run", "pairs"]

Pipeline = Annotated[str, typer.Argument(help="Name of a shipped pipeline (see `promptwire pipelines`) or a YAML file.")]
Run = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run folder, its name in the runs folder, a unique beginning of the name, or `last`."),
]
Json = Annotated[bool, typer.Option("--json", help="Print only JSON on standard output.")]
Params = Annotated[list[str] | None, typer.Option("-p", "--param", metavar="K=V", help="Set a param of the pipeline.")]
Patches = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=V", help="Patch any leaf, such as search.select.keep=2.")
]


def _load(files: list[str] | None) -> list[str] | None:
    """Load plug-ins before the command runs, so that it finds their nodes and metrics like any other."""
    if files:
        from promptwire.registry.plugins import load_plugin

        for file in files:
            load_plugin(file)
    return files


Plugins = Annotated[
    list[str] | None,
    typer.Option(
        "--plugins", metavar="FILE", help="Python file with your own nodes or metrics. Its code is run.", callback=_load
    ),
]


def pairs(items: list[str] | None, flag: str) -> dict[str, str]:
    """Read `key=value` items as a dictionary. Raises UsageError for any other form; `flag` names the option in it."""
    from promptwire.errors import UsageError

    found: dict[str, str] = {}
    for item in items or ():
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise UsageError(f"{flag} {item!r} is not of the form key=value")
        found[key] = value
    return found
