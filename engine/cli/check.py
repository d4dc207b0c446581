"""`check`: find all problems of pipelines before a run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import Json, Params, Patches, Plugins, pairs
from promptwire.cli.run_options import Metric, Prompts, Template, task_changes

if TYPE_CHECKING:
    from promptwire.errors import Problem

__all__ = ["check"]


def check(
    files: Annotated[list[str], typer.Argument(help="Pipeline files or names.")],
    task: Annotated[
        str | None, typer.Option(help="Also bind this task: data, metric, templates, and what the pipeline needs of it.")
    ] = None,
    param: Params = None,
    patch: Patches = None,
    prompt: Prompts = None,
    metric: Metric = None,
    template: Template = None,
    plugins: Plugins = None,
    json_: Json = False,
) -> None:
    """Find all problems of pipelines before a run. Exits with 2 if there is an error."""
    from promptwire.language.check import check as check_pipeline

    params, patches = pairs(param, "-p"), pairs(patch, "--set")
    checked = [check_pipeline(file, params=params, patches=patches, complete=task is not None) for file in files]
    problems, said = [problem for one in checked for problem in one.problems], f"{', '.join(files)}: ok\n"
    if task is None:
        from promptwire.planning.step_warnings import step_warnings

        graphs = [one.graph for one in checked if one.graph is not None and not one.unset]
        problems += dict.fromkeys(problem for graph in graphs for problem in step_warnings(graph))
    else:
        from promptwire.tasks.task import load_task
        from promptwire.trying.binding import bind_task

        loaded = load_task(task, task_changes(prompt, metric, template, None))
        bound = [bind_task(one.graph, loaded) for one in checked if one.graph is not None]
        problems += dict.fromkeys(problem for one in bound for problem in one.problems)
        facts = ["".join(f"  {fact}\n" for fact in one.facts) for one in bound]
        said = "".join(f"{file} on {task}: ok\n{found}" for file, found in zip(files, facts, strict=False))
    errors = sum(not problem.warning for problem in problems)
    if json_:
        sys.stdout.write(json.dumps([_to_json(problem) for problem in problems]) + "\n")
    else:
        for problem in problems:
            sys.stdout.write(f"{problem}\n")
        if not errors:
            sys.stdout.write(said)
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
