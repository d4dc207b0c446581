"""The command line: one Typer application with all commands, and the exit of each error.

Imports of the engine stand inside the commands, so that `--help` and a mistyped option answer at once. Every PromptwireError is
printed without a traceback and ends with its own exit code (see `promptwire.errors`).
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from promptwire.cli import (
    asked,
    bundle,
    cache,
    check,
    compare,
    diff,
    export,
    graph,
    log,
    models,
    new,
    nodes,
    pipelines,
    plan,
    replay,
    report,
    rows,
    run,
    runs,
    schema,
    show,
    sweep,
    task,
    try_step,
    watch,
    why,
)
from promptwire.security.sanitizer import guard_streams

__all__ = ["app", "main"]


class _Group(TyperGroup):
    """Command group whose output is sanitized, including Typer's own errors."""

    def main(self, *args: Any, **named: Any) -> Any:
        """Run a command."""
        guard_streams()
        return super().main(*args, **named)


app = typer.Typer(
    cls=_Group,
    rich_markup_mode=None,  # Rich would print a refused argument, with all that is in it, past the sanitizer
    help="Automatic prompt optimization as graphs you can read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point of the `promptwire` command."""
    gc.set_threshold(20_000, 50, 50)  # imports allocate much and free nothing: at 700, collections took a fifth of `check`
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a character that the terminal lacks is printed as its number
            stream.reconfigure(errors="backslashreplace")
    guard_streams()
    with _exit_on_error():
        _app_of(sys.argv[1:2])()


def _app_of(first: Sequence[str]) -> typer.Typer:
    """The application, with one command alone where `first` is its name: to build all of them takes a tenth of a second."""
    narrow = copy(app)
    narrow.registered_commands = [command for command in app.registered_commands if command.name in first]
    narrow.registered_groups = [group for group in app.registered_groups if group.name in first]
    return narrow if narrow.registered_commands or narrow.registered_groups else app


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"promptwire {version('promptwire')}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Automatic prompt optimization as graphs you can read."""


@contextmanager
def _exit_on_error() -> Iterator[None]:
    """Print a PromptwireError and exit with its code."""
    from promptwire.errors import PromptwireError

    try:
        with _check_working_folder():
            yield
    except PromptwireError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)


@contextmanager
def _check_working_folder() -> Iterator[None]:
    """Raise RunError in place of an OSError that comes from a deleted working folder."""
    try:
        yield
    except OSError:
        from promptwire.results.run_folder import working_folder

        working_folder()
        raise


# `--help` lists the commands in this order: the most used first.
for _command in (
    run.run,
    compare.compare,
    sweep.sweep,
    check.check,
    plan.plan,
    graph.graph,
    show.show,
    try_step.try_step,
    runs.runs,
    report.report,
    log.log,
    rows.rows,
    asked.asked,
    diff.diff,
    export.export,
    watch.watch,
    pipelines.pipelines,
    nodes.nodes,
    new.new,
    schema.schema,
    why.why,
    bundle.bundle,
    replay.replay,
    models.models,
):
    app.command(_command.__name__.removesuffix("_step"))(_command)  # `try` is a keyword of Python
app.add_typer(task.app, name="task")
app.add_typer(cache.app, name="cache")
