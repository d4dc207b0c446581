"""`--limit`: what a run may spend, and how hard it may press its models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import typer

from promptwire.cli.arguments import pairs

__all__ = ["Limit", "budgets", "paces"]

_BUDGETS: Final = ("calls", "tokens", "usd", "seconds")
_PACES: Final = ("parallel", "requests_per_minute", "tokens_per_minute")
_ROLES: Final = ("task", "meta", "judge")

Limit = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=N",
        help="Budget: calls, tokens, usd, seconds. Pace of the models, or of one role's as in task.requests_per_minute=60: "
        "parallel, requests_per_minute, tokens_per_minute.",
    ),
]


def budgets(items: list[str] | None) -> dict[str, float]:
    """The budgets in what was given. Raises UsageError for what is no limit."""
    return {name: number for role, name, number in _read(items) if name in _BUDGETS}


def paces(items: list[str] | None) -> dict[str, dict[str, float]]:
    """The paces in what was given, by role; without one it is that of the task role, which lends to the others."""
    found: dict[str, dict[str, float]] = {}
    for role, name, number in _read(items):
        if name in _PACES:
            found.setdefault(role or "task", {})[name] = number
    return found


def _read(items: list[str] | None) -> Iterator[tuple[str, str, float]]:
    """Role, name and number of each limit. Raises UsageError."""
    from promptwire.errors import UsageError, suggest

    known = [*_BUDGETS, *_PACES, *(f"{role}.{name}" for role in _ROLES for name in _PACES)]
    for key, text in pairs([part for item in items or () for part in item.split(",")], "--limit").items():
        role, _, name = key.rpartition(".")
        if key not in known:
            hint = suggest(key, known, otherwise=f"limits: {', '.join((*_BUDGETS, *_PACES))}")
            raise UsageError(f"unknown limit {key!r}", hint=hint)
        try:
            number = float(text)
        except ValueError as error:
            raise UsageError(f"--limit {key}={text!r} is not a number") from error
        if not 0 <= number < float("inf"):
            raise UsageError(f"--limit {key}={text} limits nothing", hint="a limit is a number from 0 on")
        yield role, name, number
