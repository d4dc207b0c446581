"""`check`: find all problems of pipelines before a run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import Json, Plugins

if TYPE_CHECKING:
    from promptwire.errors import Problem

__all__ = ["check"]


def check(
    files: Annotated[list[str], typer.Argument(help="Pipeline files or names.")],
    plugins: Plugins = None,
    json_: Json = False,
) -> None:
    """Find all problems of pipelines before a run. Exits with 2 if there is an error."""
    from promptwire.language.check import check as check_pipeline

    problems = [problem for file in files for problem in check_pipeline(file).problems]
    errors = sum(not problem.warning for problem in problems)
    if json_:
        sys.stdout.write(json.dumps([_to_json(problem) for problem in problems]) + "\n")
    else:
        for problem in problems:
            sys.stdout.write(f"{problem}\n")
        if not errors:
            names = ", ".join(files)
            sys.stdout.write(f"{names}: ok\n")
    raise typer.Exit(2 if errors else 0)


def _to_json(problem: Problem) -> dict[str, Any]:
    location = problem.location
    return {
        "code": problem.code,
        "severity": "warning" if problem.warning else "error",
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "message": problem.message,
        "hint": problem.hint,
    }
