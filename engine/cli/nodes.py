"""`nodes`: list the node types, or print the page of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Plugins

if TYPE_CHECKING:
    from promptwire.values import Model

__all__ = ["nodes"]


def nodes(
    words: Annotated[list[str] | None, typer.Argument(metavar="[NAME]", help="A node type, to print its page.")] = None,
    plugins: Plugins = None,
) -> None:
    """List the node types, or describe one. Its page has ports, params, outputs, template variables and an example."""
    from promptwire.cli.console import console, print_table
    from promptwire.errors import UsageError
    from promptwire.reference.node_page import node_page

    names = words[1:] if words and words[0] == "show" else words or []
    if len(names) > 1 or (words == ["show"]):
        raise UsageError("`nodes` shows one node type at a time", hint="promptwire nodes NAME")
    if names:
        sys.stdout.write(node_page(names[0]))
    else:
        print_table(_rows(), ("node", "inputs", "outputs", "what it does"), console())
        sys.stdout.write(
            "\n`promptwire nodes NAME` shows one in full, with the keys of the engine such as `template` and `settings`.\n"
            "Every step takes `when` and `unless`. A step is a node, a pipeline file (`use`, with `limits` and `override`),\n"
            "a loop (`repeat`, `until`, `carry`), or a graph for each element (`each`, `outputs`).\n"
        )


def _rows() -> list[tuple[str, str, str, str]]:
    """Name, input ports, output ports and purpose of each node type."""
    from promptwire.registry.node_types import Registry

    registry = Registry()
    return [(name, _ports(registry[name].inputs), _ports(registry[name].outputs), registry[name].doc) for name in registry]


def _ports(schema: type[Model]) -> str:
    from promptwire.graph.port_types import is_optional, name_of

    fields = schema.model_fields.items()
    return ", ".join(
        f"{name}: {name_of(field.annotation)}{'?' if is_optional(field.annotation) else ''}" for name, field in fields
    )
