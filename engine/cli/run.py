"""`run`: optimize a prompt and report its held-out scores."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import Json, Params, Patches, Pipeline, Plugins
from promptwire.cli.confirm import DEFAULT_ABOVE, AskAbove, ConfirmPolicy, Yes
from promptwire.cli.interrupts import exit_at_once, exit_on_interrupt
from promptwire.cli.limit_flags import Limit
from promptwire.cli.run_options import (
    ApiBases,
    Cache,
    CacheUrl,
    Labels,
    LogTo,
    Metric,
    Models,
    Prompts,
    Repeats,
    Seed,
    Task,
    Template,
    parse_lists,
    parse_options,
    task_changes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptwire.options import Options

__all__ = ["run"]


def run(
    pipeline: Pipeline,
    task: Task,
    model: Models = None,
    api_base: ApiBases = None,
    seed: Seed = 0,
    param: Params = None,
    patch: Patches = None,
    limit: Limit = None,
    prompt: Prompts = None,
    metric: Metric = None,
    labels: Labels = None,
    template: Template = None,
    repeats: Repeats = 1,
    cache: Cache = "use",
    cache_url: CacheUrl = None,
    parallel: Annotated[int | None, typer.Option(min=1, help="Most requests in flight per model.")] = None,
    plugins: Plugins = None,
    tries: Annotated[int | None, typer.Option(min=1, help="Most tries of a request, with its retries. Default: 6.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds for each try of a request. Default: 600.")] = None,
    log_to: LogTo = None,
    yes: Yes = False,
    ask_above: AskAbove = DEFAULT_ABOVE,
    json_: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, only warnings.")] = False,
) -> None:
    """Optimize a task's prompt and report held-out scores."""
    fields = {
        **parse_lists(model, api_base, param, patch, limit),
        "seed": seed,
        "repeats": repeats,
        "task": task_changes(prompt, metric, template, labels),
        "cache": cache,
        "cache_url": cache_url,
        "parallel": parallel,
        "tries": tries,
        "timeout": timeout,
    }
    policy = ConfirmPolicy(yes, ask_above)
    _run(pipeline, task, parse_options(fields), policy, json_=json_, quiet=quiet, sinks=log_to or ())


def _run(
    pipeline: str, task: str, options: Options, policy: ConfirmPolicy, *, json_: bool, quiet: bool, sinks: Sequence[str]
) -> None:
    from promptwire.api import run_async
    from promptwire.cli.console import console, safe_text
    from promptwire.cli.progress import ProgressDisplay, WarningsOnly
    from promptwire.cli.report_text import print_report
    from promptwire.gateway.idle_loop import run_loop

    errors, warned = console(stderr=True), list[str]()
    display = None if quiet or json_ else ProgressDisplay(errors)

    def warn(text: str) -> None:
        warned.append(text)
        errors.print(safe_text(text), soft_wrap=True)

    told: dict[str, Any] = {"observer": display or WarningsOnly(errors), "approve": policy.approver(display, warn)}
    work = run_async(pipeline, task, options, **told, sinks=sinks)
    with exit_on_interrupt(cached=options.cache != "off"), display.drawing() if display else nullcontext():
        report = run_loop(work, leave=exit_at_once)
    if json_:
        noted = report.model_copy(update={"notes": tuple(dict.fromkeys((*warned, *report.notes)))})
        sys.stdout.write(noted.to_json() + "\n")
    else:
        out = console()
        print_report(report, out)
        if report.run:
            out.print(safe_text(f"the whole run as a page: promptwire report {_name(report.run)}", style="dim"))


def _name(folder: str) -> str:
    """Shortest sure name of the run in `folder`: `last`, unless another run has begun since."""
    from pathlib import Path

    from promptwire.results.run_list import LAST, last_run

    path = Path(folder)
    return LAST if last_run() == path else path.name
