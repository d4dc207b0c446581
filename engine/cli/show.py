"""`show`: print a pipeline as written, or with its base, params and patches applied."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptwire.cli.arguments import Params, Patches, Pipeline, pairs

__all__ = ["show"]


def show(
    pipeline: Pipeline,
    expanded: Annotated[bool, typer.Option("--expanded", help="Apply `extends` and `override`.")] = False,
    param: Params = None,
    patch: Patches = None,
) -> None:
    """Print a pipeline as written. With --expanded, -p or --set, print it as it runs."""
    from promptwire.language.printing import effective, written

    params, patches = pairs(param, "-p"), pairs(patch, "--set")
    whole = expanded or params or patches
    sys.stdout.write(effective(pipeline, params=params, patches=patches) if whole else written(pipeline))
