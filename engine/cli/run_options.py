"""The options of `run` and `plan` as they are typed, made into one `Options`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptwire.cli.arguments import pairs
from promptwire.cli.limit_flags import budgets, paces

if TYPE_CHECKING:
    from promptwire.options import Options

__all__ = ["changed", "gathered", "options_of"]


def gathered(
    model: list[str] | None,
    api_base: list[str] | None,
    param: list[str] | None,
    patch: list[str] | None,
    limit: list[str] | None,
) -> dict[str, Any]:
    """The options that are lists of pairs. Raises UsageError for one that is not."""
    return {
        "models": _roles(model, "model"),
        "api_bases": _roles(api_base, "address"),
        "params": pairs(param, "-p"),
        "patches": pairs(patch, "--set"),
        "limits": budgets(limit),
        "paces": paces(limit),
    }


def changed(prompt: list[str] | None, metric: str | None, template: str | None, labels: str | None) -> dict[str, Any]:
    """What is said in place of the task file's keys."""
    found = {
        "prompt": prompt[0] if prompt and len(prompt) == 1 else prompt or None,
        "metric": metric,
        "template": template,
        "labels": labels.split(",") if labels else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def options_of(fields: dict[str, Any]) -> Options:
    """`fields` as options. Raises UsageError for a value that can't be one."""
    from pydantic import ValidationError

    from promptwire.errors import UsageError
    from promptwire.options import Options

    try:
        return Options.model_validate(fields)
    except ValidationError as error:
        detail = error.errors()[0]
        name = ".".join(map(str, detail["loc"]))
        raise UsageError(f"{name}: {detail['msg']}", hint="see `promptwire run --help`") from error


def _roles(items: list[str] | None, what: str) -> dict[str, str]:
    """`task=a,meta=b` or one value for all roles. A value may hold `=` and `:`, so only a role's name before `=` counts."""
    from promptwire.errors import UsageError, suggest

    known = ("task", "meta", "judge")
    found: dict[str, str] = {}
    for item in (part for text in items or () for part in text.split(",")):
        role, equals, value = item.partition("=")
        if equals and role in known:
            found[role] = value
        elif equals and role.isalpha():
            raise UsageError(f"there is no role {role!r}, so {item!r} names no {what}", hint=suggest(role, known, noun="roles"))
        else:
            found["task"] = item
    return found
