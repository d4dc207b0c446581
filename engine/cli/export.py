"""`export`: write a run's prompt in the form of another tool."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json, Plugins, Run
from promptwire.cli.confirm import DEFAULT_ABOVE, AskAbove, ConfirmPolicy, Yes
from promptwire.cli.limit_flags import Limit
from promptwire.cli.run_options import ApiBases, Cache, CacheUrl, Models, parse_lists, parse_options

if TYPE_CHECKING:
    from promptwire.exporting.result import Export, Verification
    from promptwire.options import Options

__all__ = ["export"]


class To(StrEnum):
    """Forms of an export; the names of `promptwire.exporting.forms.table`."""

    messages = "messages"
    text = "text"
    python = "python"
    promptfoo = "promptfoo"
    dspy = "dspy"
    lm_eval = "lm-eval"
    mlflow = "mlflow"
    prompty = "prompty"


class Which(StrEnum):
    """Prompts of a run."""

    best = "best"
    initial = "initial"


def export(
    run: Run,
    to: Annotated[To, typer.Option(help="The form to write; see docs/export.md.")],
    out: Annotated[str | None, typer.Option(metavar="PATH", help="File or folder to write. Default: the task's name.")] = None,
    prompt: Annotated[Which, typer.Option(help="Which prompt of the run.")] = Which.best,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    tracking_uri: Annotated[
        str | None, typer.Option(metavar="URI", help="MLflow's address for --to mlflow. Default: $MLFLOW_TRACKING_URI.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Score the held-out examples again through the written form.")
    ] = False,
    model: Models = None,
    api_base: ApiBases = None,
    limit: Limit = None,
    cache: Cache = "use",
    cache_url: CacheUrl = None,
    plugins: Plugins = None,
    yes: Yes = False,
    ask_above: AskAbove = DEFAULT_ABOVE,
    json_: Json = False,
) -> None:
    """Write the prompt of a run in the form of another tool.

    Its demonstrations go along, and its settings where the form has a place for them.
    The models and their addresses are for --verify. By default they are those of the run.
    """
    from dataclasses import replace

    from promptwire.cli.export_text import export_lines, export_record, verification_lines
    from promptwire.exporting.export import write_export

    if not verify and (model or api_base or limit):
        from promptwire.errors import UsageError

        hint = "leave --model, --api-base and --limit out, or add --verify"
        raise UsageError("an export holds the model and the settings of its run; others are only for --verify", hint=hint)
    fields = {**parse_lists(model, api_base, None, None, limit), "cache": cache, "cache_url": cache_url}
    options = parse_options(fields)
    made = write_export(run, to.value, out, prompt=prompt.value, force=force, tracking_uri=tracking_uri)
    if not json_:
        _print(export_lines(made))
    if verify:
        made = replace(made, verification=_verified(made, options, ConfirmPolicy(yes, ask_above)))
        if not json_ and made.verification is not None:
            _print(verification_lines(made.verification))
    if json_:
        from promptwire.cli.json_output import print_json

        print_json(export_record(made))


def _verified(made: Export, options: Options, policy: ConfirmPolicy) -> Verification:
    from promptwire.cli.console import console, safe_text
    from promptwire.cli.interrupts import exit_at_once, exit_on_interrupt
    from promptwire.cli.plan_text import plan_line
    from promptwire.cli.progress import WarningsOnly
    from promptwire.exporting.verification import verify_async
    from promptwire.gateway.idle_loop import run_loop
    from promptwire.planning.plan import Plan

    errors = console(stderr=True)
    ask = policy.approver(None)

    def approve(plan: Plan) -> None:
        errors.print(safe_text(plan_line(plan)), soft_wrap=True)
        ask(plan)

    work = verify_async(made, options, approve=approve, observer=WarningsOnly(errors))
    with exit_on_interrupt(cached=options.cache != "off"):
        return run_loop(work, leave=exit_at_once)


def _print(lines: list[str]) -> None:
    from promptwire.cli.console import console, safe_text

    out = console()
    for line in lines:
        out.print(safe_text(line), soft_wrap=True)
