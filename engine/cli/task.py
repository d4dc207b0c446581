"""`task`: commands for task files. `task init` makes one for data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json

if TYPE_CHECKING:
    from promptwire.task_init.drafted import Draft
    from promptwire.task_init.guess import Given, Unclear

__all__ = ["app"]

app = typer.Typer(help="Make a task file for your data.", no_args_is_help=True)


@app.callback()
def _task() -> None:
    """Make a task file for your data."""


@app.command()
def init(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE|FOLDER|CONFIG", help="Data file, folder of data files, or promptfooconfig.yaml."),
    ],
    prompt: Annotated[
        list[str] | None, typer.Option(help="Initial prompt; columns in braces are filled in. Repeat it for several.")
    ] = None,
    input_: Annotated[
        list[str] | None, typer.Option("--input", metavar="COLUMN", help="Column of the input. Repeat it for several.")
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column of the right answer.")] = None,
    metric: Annotated[str | None, typer.Option(help="Metric; judge for data without right answers.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the task. Default: that of the file or folder.")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first row of a table names the columns.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel workbook, by name or number.")] = None,
    rows: Annotated[str | None, typer.Option(metavar="KEY", help="Key of a JSON file that holds the rows.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Task file. Default: task.yaml beside the data.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a task file that is there.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the task file and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Never ask: what can't be guessed is an error.")] = False,
    plugins: Annotated[
        list[str] | None,
        typer.Option(
            "--plugins",
            metavar="FILE",
            help="Python file with your own metrics, or promptfoo.py for a configuration's asserts in Python. Its code is run.",
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Make a task file for your data, and say why.

    Columns, metric, labels and split are guessed, each with a reason. The file is loaded as a run loads it. Faults of the data
    are said with their lines, and three requests are shown as the task model gets them. No model is called.
    """
    from promptwire.cli.json_output import print_json
    from promptwire.cli.task_text import facts_of, print_draft
    from promptwire.task_init.guess import Given
    from promptwire.task_init.sources import task_file_for
    from promptwire.task_init.writing import refuse_existing, write_task

    given = Given(
        inputs=tuple(input_ or ()),
        output=output,
        prompts=tuple(prompt or ()),
        metric=metric,
        name=name,
        header=header,
        sheet=sheet,
        rows=rows,
    )
    _load(plugins or [])
    file = task_file_for(source, out)
    if not dry_run:
        refuse_existing(file, force=force)
    ask = not (yes or json_) and sys.stdin.isatty() and sys.stderr.isatty()
    draft = _draft(source, given, file, plugins=bool(plugins), ask=ask)
    if not dry_run:
        write_task(draft, force=force)
    if json_:
        print_json(facts_of(draft, written=not dry_run))
    else:
        print_draft(draft, written=not dry_run)


def _load(plugins: list[str]) -> None:
    """Load plug-ins. The one of a configuration is only written, so it need not be there."""
    from promptwire.registry.plugins import load_plugin
    from promptwire.tasks.promptfoo.python_asserts import PLUGIN

    for file in plugins:
        if Path(file).name != PLUGIN:
            load_plugin(file)


def _draft(source: str, given: Given, file: Path, *, plugins: bool, ask: bool) -> Draft:
    """The task file for `source`. With `ask`, columns that can't be guessed are asked for on the terminal."""
    from dataclasses import replace

    from promptwire.task_init.guess import Unclear
    from promptwire.task_init.sources import draft_of

    while True:
        try:
            return draft_of(source, given, file, plugins=plugins)
        except Unclear as question:
            if not ask or not question.columns:
                raise
            answer = _answer(question)
            given = replace(given, output=answer[0]) if question.asked == "output" else replace(given, inputs=answer)


def _answer(question: Unclear) -> tuple[str, ...]:
    """The columns that the user names: by number or by name. Raises UsageError when the question is left."""
    from promptwire.cli.console import console, safe_text
    from promptwire.errors import UsageError

    screen = console(stderr=True)
    screen.print(safe_text(question.problem))
    choices = [*question.columns, *([""] if question.asked == "output" else [])]
    for number, column in enumerate(choices, 1):
        screen.print(safe_text(f"  {number}  {column or '(none: the data hold no right answers)'}"))
    several = "" if question.asked == "output" else ", or several: 1,2"
    while True:
        try:
            typed = typer.prompt(f"Which is the {question.asked}? Its number{several}", err=True)
        except (typer.Abort, KeyboardInterrupt, EOFError) as error:
            raise UsageError("nothing was written", hint=f"name the column: --{question.asked} NAME") from error
        words = [word.strip() for word in str(typed).split(",")]
        if question.asked == "output":
            words = words[:1]
        if all(word.isdecimal() and 1 <= int(word) <= len(choices) for word in words):
            return tuple(choices[int(word) - 1] for word in words)
        if all(word in question.columns for word in words):
            return tuple(words)
        screen.print(safe_text(f"There is no {typed!r}. Type a number from 1 to {len(choices)}."))
