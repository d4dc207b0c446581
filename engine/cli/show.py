"""`show`: print a pipeline as written or as it runs, or the report of a run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptwire.cli.arguments import Json, Params, Patches, pairs

__all__ = ["show"]


def show(
    what: Annotated[
        str, typer.Argument(metavar="PIPELINE|RUN", help="A shipped pipeline or a YAML file; or a run: see `promptwire runs`.")
    ],
    expanded: Annotated[bool, typer.Option("--expanded", help="Apply `extends` and `override`.")] = False,
    param: Params = None,
    patch: Patches = None,
    json_: Json = False,
) -> None:
    """Print a pipeline as written, or the report of a run. With --expanded, -p or --set, print a pipeline as it runs."""
    whole = expanded or bool(param) or bool(patch)
    if not whole and not _is_pipeline(what):
        _show_run(what, json_=json_)
        return
    from promptwire.errors import UsageError
    from promptwire.language.printing import effective, written

    if json_:
        raise UsageError("--json shows a run, not a pipeline", hint="a pipeline is a YAML text")
    params, patches = pairs(param, "-p"), pairs(patch, "--set")
    sys.stdout.write(effective(what, params=params, patches=patches) if whole else written(what))


def _is_pipeline(name: str) -> bool:
    """Whether `name` is a shipped pipeline or a file. Everything else can only be a run."""
    import os

    from promptwire.documents.resources import pipelines

    return name in pipelines() or os.path.isfile(name) or name.endswith((".yaml", ".yml"))


def _show_run(name: str, *, json_: bool) -> None:
    from promptwire.cli.console import console
    from promptwire.cli.run_text import print_run, run_json
    from promptwire.documents.resources import pipelines
    from promptwire.errors import UsageError, closest
    from promptwire.results.run import Run
    from promptwire.results.run_list import find_run

    try:
        run = Run.open(find_run(name))
    except UsageError as error:
        near = closest(name, pipelines())
        hint = f"did you mean the pipeline {near!r}?" if near else f"{error.hint}; `promptwire pipelines` lists the pipelines"
        raise UsageError(f"{error.problem}, and no pipeline of this name", hint=hint) from error
    if json_:
        sys.stdout.write(run_json(run) + "\n")
    else:
        print_run(run, console())
