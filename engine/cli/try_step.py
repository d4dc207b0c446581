"""`try`: show the request of a step with real examples, without a call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json, Params, Patches, Plugins, pairs
from promptwire.cli.run_options import Metric, Prompts, Template, task_changes

if TYPE_CHECKING:
    from promptwire.tasks.task import Task
    from promptwire.trying.request import Tried

__all__ = ["try_step"]

_MOST_BYTES = 1_000_000
"""Longest reply that is read from a file."""


def try_step(
    target: Annotated[str, typer.Argument(metavar="TEMPLATE|PIPELINE", help="A template, or a pipeline with a step.")],
    step: Annotated[str | None, typer.Argument(metavar="[STEP]", help="Path of a step, such as search.ideas.")] = None,
    task: Annotated[str | None, typer.Option(help="Task whose examples and initial prompt are shown.")] = None,
    reply: Annotated[
        str | None, typer.Option(metavar="TEXT|FILE", help="A reply, to see what would be read out of it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which examples are shown.")] = 0,
    param: Params = None,
    patch: Patches = None,
    prompt: Prompts = None,
    metric: Metric = None,
    template: Template = None,
    plugins: Plugins = None,
    json_: Json = False,
) -> None:
    """Show the request of a step, rendered with real examples of a task. No model is called.

    Values that only a run knows are made up: texts between marks, and numbers of variables that are listed above the request.
    """
    from promptwire.cli.console import console, safe_text
    from promptwire.cli.json_output import print_json
    from promptwire.tasks.task import load_task

    loaded = load_task(task, task_changes(prompt, metric, template, None)) if task is not None else None
    said = None if reply is None else _text_of(reply)
    found = _tried(target, step, loaded, reply=said, seed=seed, params=pairs(param, "-p"), patches=pairs(patch, "--set"))
    if json_:
        print_json(found)
        return
    out = console()
    for place, one in enumerate(found):
        for line, style in (("", ""), *_lines(one)) if place else _lines(one):
            out.print(safe_text(line, style=style))


def _tried(
    target: str,
    step: str | None,
    task: Task | None,
    *,
    reply: str | None,
    seed: int,
    params: dict[str, str],
    patches: dict[str, str],
) -> tuple[Tried, ...]:
    """The requests of the step, or of the step that uses the template. Raises UsageError where there is none."""
    from promptwire.errors import UsageError
    from promptwire.language.check import load_graph
    from promptwire.trying.request import try_step as requests_of
    from promptwire.trying.steps import steps_with_requests, template_file
    from promptwire.trying.template import try_template

    file = template_file(target) if step is None else None
    if file is not None:
        return try_template(file, task, reply=reply, seed=seed)
    graph = load_graph(target, params=params, patches=patches)
    if step is None:
        names = ", ".join(steps_with_requests(graph))
        raise UsageError("which step's request? a pipeline has several", hint=f"promptwire try {target} STEP; steps: {names}")
    return requests_of(graph, step, task, reply=reply, seed=seed)


def _text_of(reply: str) -> str:
    """The reply itself, or the text of the file that it names. Raises UsageError for a file that can't be read."""
    from promptwire.errors import UsageError

    try:
        if len(reply) > 1000 or "\n" in reply or not Path(reply).is_file():
            return reply
        with Path(reply).open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", errors="replace")
    except (OSError, ValueError) as error:
        raise UsageError(f"the reply can't be read: {error}", where=reply) from error


def _lines(one: Tried) -> Iterator[tuple[str, str]]:
    """Lines of one request, each with its style."""
    yield "   ".join(filter(None, (one.step, one.node, f"{one.role} model" if one.role else "no model", one.template))), "bold"
    settings = one.request.settings.model_dump(exclude_none=True, exclude_defaults=True) if one.request else {}
    if settings:
        yield ", ".join(f"{name} {value}" for name, value in settings.items()), "dim"
    if one.real:
        yield f"from the task and the pipeline: {', '.join(one.real)}", "dim"
    if one.made_up:
        yield f"made up: {', '.join(one.made_up)}", "yellow"
    yield from ((note, "dim") for note in one.notes)
    for role, text in one.parts:
        yield f"--- {role}", "cyan"
        yield text, ""
    if one.request and one.request.options:
        yield "--- labels", "cyan"
        yield ", ".join(one.request.options), ""
    yield f"--- read out of {'a reply' if one.role else 'this text'}", "green"
    yield one.awaited, ""
    if one.read is not None:
        yield from _read_lines(one)


def _read_lines(one: Tried) -> Iterator[tuple[str, str]]:
    """What was read out of the given reply."""
    read = one.read
    if read is None:
        return
    what = "the reply" if one.role else "the text"
    value = "" if read.value is None else f", value {read.value:g}"
    if not read.readable:
        yield f"--- {what} is {'taken whole' if read.answers else 'unreadable'}{value}", "yellow" if read.answers else "red"
    else:
        count = "1 answer" if len(read.answers) == 1 else f"{len(read.answers)} answers"
        yield f"--- {what} is read as {count}{value}", "green"
    for answer in read.answers:
        yield f"> {answer}", ""
    if read.answer and read.answer not in read.answers:
        yield f"the metric reads {read.answer!r} in it", ""
