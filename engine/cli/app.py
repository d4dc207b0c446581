"""The command line: arguments to `promptwire.api`, results to the terminal. Typer is known here and in `commands`.

Imports of the engine stand inside the commands, so that `--help` and a mistyped option answer at once. Every error that
promptwire raises on purpose is printed without a traceback and ends with its own exit code (see `promptwire.errors`).
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from promptwire.cli import cache as cache_commands
from promptwire.cli import graph, new, plan, show
from promptwire.cli.arguments import Json, Params, Patches, Pipeline, Plugins
from promptwire.cli.bundle import bundle, replay
from promptwire.cli.confirm import DEFAULT_ABOVE, AskAbove, ConfirmPolicy, Yes
from promptwire.cli.limit_flags import Limit
from promptwire.cli.run_options import changed, gathered, options_of
from promptwire.cli.why import why
from promptwire.security.sanitizer import guard_streams

if TYPE_CHECKING:
    from promptwire.options import Options

__all__ = ["main"]


class _Program(TyperGroup):
    """The command line with sanitized output, its own complaints about arguments included."""

    def main(self, *args: Any, **named: Any) -> Any:
        """Run a command."""
        guard_streams()
        return super().main(*args, **named)


app = typer.Typer(
    cls=_Program,
    rich_markup_mode=None,  # Rich would print an argument that is refused, with all that is in it, past the sanitizer
    help="Automatic prompt optimization as graphs you can read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


cache_app = typer.Typer(help="Look after the answer cache.", no_args_is_help=True)
cache_commands.register(cache_app)
app.add_typer(cache_app, name="cache")


def main() -> None:
    """Entry point of the `promptwire` command."""
    gc.set_threshold(20_000, 50, 50)  # importing makes much and drops nothing: with 700, a fifth of `check` went into looking
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that lacks a character shows its number and the report goes on
            stream.reconfigure(errors="backslashreplace")
    guard_streams()
    with _errors():
        app()


def run(
    pipeline: Pipeline,
    task: Annotated[str, typer.Option(help="A shipped task, a task file, a folder with train.jsonl, or a data file.")],
    model: Annotated[
        list[str] | None, typer.Option(metavar="[ROLE=]NAME", help="Model for all roles or one: task, meta, judge.")
    ] = None,
    api_base: Annotated[
        list[str] | None, typer.Option(metavar="[ROLE=]URL", help="Address of an OpenAI-compatible server.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Where all random draws begin.")] = 0,
    param: Params = None,
    patch: Patches = None,
    limit: Limit = None,
    prompt: Annotated[
        list[str] | None, typer.Option(help="The prompt to start from, instead of the task's; give it twice for two.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="How answers are scored, instead of the task's way.")] = None,
    labels: Annotated[str | None, typer.Option(help="Possible answers, comma-separated, for the metric `choice`.")] = None,
    template: Annotated[str | None, typer.Option(help="Task template that joins prompt and input.")] = None,
    cache: Annotated[str, typer.Option(help="use, refresh, only (a miss is an error) or off.")] = "use",
    parallel: Annotated[int | None, typer.Option(min=1, help="Requests in flight per model.")] = None,
    plugins: Plugins = None,
    tries: Annotated[int | None, typer.Option(min=1, help="Tries of a request that fails in passing; 6 if unset.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds for each try of a request; 600 if unset.")] = None,
    yes: Yes = False,
    ask_above: AskAbove = DEFAULT_ABOVE,
    json_: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Optimize a task's prompt with a pipeline and report held-out scores."""
    fields = {
        **gathered(model, api_base, param, patch, limit),
        "seed": seed,
        "task": changed(prompt, metric, template, labels),
        "cache": cache,
        "parallel": parallel,
        "tries": tries,
        "timeout": timeout,
    }
    _run(pipeline, task, options_of(fields), asking=ConfirmPolicy(yes, ask_above), json_=json_, quiet=quiet)


def _run(pipeline: str, task: str, options: Options, *, asking: ConfirmPolicy, json_: bool, quiet: bool) -> None:
    from promptwire.api import run_async
    from promptwire.cli.progress import ProgressDisplay
    from promptwire.cli.report_text import print_report, safe_console
    from promptwire.gateway.idle_loop import run_loop

    watcher = None if quiet or json_ else ProgressDisplay(safe_console(stderr=True))
    work = run_async(pipeline, task, options, observer=watcher, approve=asking.consent(watcher))
    with _stoppable(options), watcher.watching() if watcher else nullcontext():
        report = run_loop(work, leave=_leave)
    if json_:
        sys.stdout.write(report.to_json() + "\n")
    else:
        print_report(report, safe_console())


def check(
    files: Annotated[list[str], typer.Argument(help="Pipeline files or names.")],
    plugins: Plugins = None,
    json_: Json = False,
) -> None:
    """Find everything that is wrong with pipelines before anything is spent."""
    from promptwire.language.check import check as look

    found = [problem for file in files for problem in look(file).problems]
    wrong = sum(not problem.warning for problem in found)
    if json_:
        sys.stdout.write(json.dumps([_problem(problem) for problem in found]) + "\n")
    else:
        for problem in found:
            sys.stdout.write(f"{problem}\n")
        if not wrong:
            names = ", ".join(files)
            sys.stdout.write(f"{names}: ok\n")
    raise typer.Exit(2 if wrong else 0)


def pipelines() -> None:
    """List the shipped pipelines and tasks."""
    from promptwire.cli.listing import pipeline_rows, task_rows
    from promptwire.cli.report_text import print_table, safe_console

    print_table(pipeline_rows(), ("pipeline", "what it is"), safe_console())
    sys.stdout.write("\n")
    print_table(task_rows(), ("task", "what it is"), safe_console())


def models(
    remove: Annotated[str | None, typer.Option(metavar="NAME", help="Delete a model's file.")] = None,
    fetch: Annotated[str | None, typer.Option(metavar="NAME", help="Fetch a model's file now.")] = None,
) -> None:
    """List the embedded models, fetch or remove one."""
    from promptwire.cli.listing import fetch_model, model_rows, remove_model
    from promptwire.cli.report_text import print_table, safe_console

    if remove is not None:
        sys.stdout.write(f"{remove_model(remove)}\n")
    elif fetch is not None:
        sys.stdout.write(f"{fetch_model(fetch, _say)}\n")
    else:
        print_table(model_rows(), ("model", "state", "size", "licence", "file"), safe_console())


@cache_app.command("stats")
def cache_stats(json_: Json = False) -> None:
    """Show how many answers the cache keeps and what they cost."""
    from promptwire.cli.listing import cache_rows
    from promptwire.cli.report_text import print_table, safe_console

    stats = cache_rows()
    if json_:
        sys.stdout.write(json.dumps(stats) + "\n")
    else:
        print_table([(name, str(value)) for name, value in stats.items()], ("", ""), safe_console())


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@contextmanager
def _errors() -> Iterator[None]:
    """Print what promptwire raises on purpose, and end with its exit code."""
    from promptwire.errors import PromptwireError

    try:
        with _named_folder():
            yield
    except PromptwireError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)


@contextmanager
def _named_folder() -> Iterator[None]:
    """Raise RunError in place of an error that comes from a working folder that was deleted."""
    try:
        yield
    except OSError:
        from promptwire.results.run_folder import working_folder

        working_folder()
        raise


@contextmanager
def _stoppable(options: Options) -> Iterator[None]:
    """Say after Ctrl-C that nothing is lost. Stands inside the command, for Typer ends without a word."""
    try:
        yield
    except KeyboardInterrupt as stop:
        kept = "what was answered is in the cache: the same command goes on from here"
        sys.stderr.write(f"stopped; {'with --cache off nothing was kept' if options.cache == 'off' else kept}\n")
        raise typer.Exit(130) from stop


def _leave() -> None:
    """End the process as `kill` would: what is in flight is given up, and the cache is made for that."""
    sys.stderr.write("left at once; what was in flight is lost, the rest is in the cache\n")
    sys.stderr.flush()
    os._exit(130)


def _problem(problem: Any) -> dict[str, Any]:
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


# In this order `--help` lists them: what everybody needs comes first.
for _command in (
    run,
    check,
    plan.plan,
    graph.graph,
    show.show,
    pipelines,
    show.nodes,
    new.new,
    show.schema,
    why,
    bundle,
    replay,
    models,
):
    app.command()(_command)
