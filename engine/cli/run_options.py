"""Options that `run` and `plan` share, as Typer annotations, and their parsing into one `Options`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import pairs
from promptwire.cli.limit_flags import budgets, rate_limits

if TYPE_CHECKING:
    from promptwire.options import Options

__all__ = [
    "ApiBases",
    "Cache",
    "CacheUrl",
    "Labels",
    "LogTo",
    "Metric",
    "Models",
    "Prompts",
    "Repeats",
    "Seed",
    "Task",
    "Template",
    "parse_lists",
    "parse_options",
    "task_changes",
]

Task = Annotated[str, typer.Option(help="A shipped task, a task file, a folder with train.jsonl, or a data file.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[ROLE=]NAME",
        help="Model of all roles or of one: task, meta, judge.",
    ),
]
ApiBases = Annotated[list[str] | None, typer.Option(metavar="[ROLE=]URL", help="Address of an OpenAI-compatible server.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]
Repeats = Annotated[int, typer.Option(min=1, help="Answers per held-out example, for models that are not deterministic.")]
Prompts = Annotated[list[str] | None, typer.Option(help="Initial prompt, in place of the task's. Repeat it for several.")]
Metric = Annotated[str | None, typer.Option(help="Metric, in place of the task's.")]
Labels = Annotated[str | None, typer.Option(help="Possible answers, comma-separated, for the metric `choice`.")]
Template = Annotated[str | None, typer.Option(help="Task template that joins prompt and input.")]
Cache = Annotated[str, typer.Option(help="Cache policy: use, refresh, only (a miss is an error) or off.")]
CacheUrl = Annotated[
    str | None,
    typer.Option(
        "--cache-url",
        metavar="URL",
        help="Redis server that shares answers with other machines. Default: the variable PROMPTWIRE_CACHE_URL.",
    ),
]

LogTo = Annotated[
    list[str] | None,
    typer.Option(
        "--log-to",
        metavar="SINK",
        help="Also send it to mlflow[:URI] or otel[:ENDPOINT]. Repeat it for both.",
    ),
]


def parse_lists(
    model: list[str] | None,
    api_base: list[str] | None,
    param: list[str] | None,
    patch: list[str] | None,
    limit: list[str] | None,
) -> dict[str, Any]:
    """Parse the options that are lists of pairs into fields of `Options`. Raises UsageError."""
    return {
        "models": _by_role(model, "model"),
        "api_bases": _by_role(api_base, "address"),
        "params": pairs(param, "-p"),
        "patches": pairs(patch, "--set"),
        "limits": budgets(limit),
        "paces": rate_limits(limit),
    }


def task_changes(prompt: list[str] | None, metric: str | None, template: str | None, labels: str | None) -> dict[str, Any]:
    """Values that replace keys of the task file."""
    found = {
        "prompt": prompt[0] if prompt and len(prompt) == 1 else prompt or None,
        "metric": metric,
        "template": template,
        "labels": labels.split(",") if labels else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def parse_options(fields: dict[str, Any]) -> Options:
    """Make `Options` of these fields. Raises UsageError for an invalid value."""
    from pydantic import ValidationError

    from promptwire.errors import UsageError
    from promptwire.options import Options

    try:
        return Options.model_validate(fields)
    except ValidationError as error:
        detail = error.errors()[0]
        name = ".".join(map(str, detail["loc"]))
        raise UsageError(f"{name}: {detail['msg']}", hint="see `promptwire run --help`") from error


def _by_role(items: list[str] | None, what: str) -> dict[str, str]:
    """Parse `task=a,meta=b`, or one value for all roles.

    A value may hold `=` and `:`, so only a role's name before `=` counts. Settings of a local model follow its name.
    """
    from promptwire.errors import UsageError, suggest
    from promptwire.local_settings import LocalSettings, is_local

    known = ("task", "meta", "judge")
    found: dict[str, str] = {}
    last = "task"
    for item in (part for text in items or () for part in text.split(",")):
        role, equals, value = item.partition("=")
        if equals and role in known:
            last, found[role] = role, value
        elif equals and role in LocalSettings.model_fields and is_local(found.get(last, "")):
            found[last] += f",{item}"
        elif equals and role.isalpha():
            raise UsageError(f"there is no role {role!r}, so {item!r} names no {what}", hint=suggest(role, known, noun="roles"))
        else:
            last, found["task"] = "task", item
    return found
