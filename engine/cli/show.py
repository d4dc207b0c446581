"""`show`, `nodes` and `schema`: a pipeline as it works after all patches, and what a pipeline can be made of."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptwire.cli.arguments import Params, Patches, Pipeline, Plugins, pairs

__all__ = ["nodes", "schema", "show"]


def show(
    pipeline: Pipeline,
    expanded: Annotated[bool, typer.Option("--expanded", help="With what it extends and overrides worked in.")] = False,
    param: Params = None,
    patch: Patches = None,
) -> None:
    """Print a pipeline as it is written, or with --expanded, -p or --set as it works."""
    from promptwire.language.printing import effective, written

    params, patches = pairs(param, "-p"), pairs(patch, "--set")
    whole = expanded or params or patches
    sys.stdout.write(effective(pipeline, params=params, patches=patches) if whole else written(pipeline))


def nodes(
    words: Annotated[list[str] | None, typer.Argument(metavar="[NAME]", help="A node type to tell all about.")] = None,
    plugins: Plugins = None,
) -> None:
    """List the node types, or show one: its ports, params, outputs, template variables and an example."""
    from promptwire.cli.listing import node_rows
    from promptwire.cli.report_text import print_table, safe_console
    from promptwire.errors import UsageError
    from promptwire.reference.node_page import node_page

    names = words[1:] if words and words[0] == "show" else words or []
    if len(names) > 1 or (words == ["show"]):
        raise UsageError("one node type at a time", hint="promptwire nodes NAME")
    if names:
        sys.stdout.write(node_page(names[0]))
    else:
        print_table(node_rows(), ("node", "inputs", "outputs", "what it does"), safe_console())
        sys.stdout.write("\n`promptwire nodes NAME` tells all about one.\n")


def schema(plugins: Plugins = None) -> None:
    """Print the JSON Schema of pipeline files, for editors: completion, manual and mistakes while you type."""
    from promptwire.reference.json_schema import schema_text

    sys.stdout.write(schema_text())
