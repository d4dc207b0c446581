"""`--limit`: budgets of a run, and rate limits of its models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import typer

from promptwire.cli.arguments import pairs

__all__ = ["Limit", "budgets", "rate_limits"]

_BUDGETS: Final = ("calls", "tokens", "usd", "seconds")
_RATE_LIMITS: Final = ("parallel", "requests_per_minute", "tokens_per_minute")
_ROLES: Final = ("task", "meta", "judge")

Limit = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=N",
        help="Budget: calls, tokens, usd, seconds. Rate limit of all models: parallel, requests_per_minute, "
        "tokens_per_minute; of one role's model: task.requests_per_minute=60.",
    ),
]


def budgets(items: list[str] | None) -> dict[str, float]:
    """The budgets among the limits. Raises UsageError for an invalid limit."""
    return {name: number for role, name, number in _read(items) if name in _BUDGETS}


def rate_limits(items: list[str] | None) -> dict[str, dict[str, float]]:
    """The rate limits by role. A limit without a role is one of `task`, which the other roles inherit."""
    found: dict[str, dict[str, float]] = {}
    for role, name, number in _read(items):
        if name in _RATE_LIMITS:
            found.setdefault(role or "task", {})[name] = number
    return found


def _read(items: list[str] | None) -> Iterator[tuple[str, str, float]]:
    """Role, name and number of each limit. Raises UsageError."""
    from promptwire.errors import UsageError, suggest

    known = [*_BUDGETS, *_RATE_LIMITS, *(f"{role}.{name}" for role in _ROLES for name in _RATE_LIMITS)]
    for key, text in pairs([part for item in items or () for part in item.split(",")], "--limit").items():
        role, _, name = key.rpartition(".")
        if key not in known:
            hint = suggest(key, known, otherwise=f"limits: {', '.join((*_BUDGETS, *_RATE_LIMITS))}")
            raise UsageError(f"unknown limit {key!r}", hint=hint)
        try:
            number = float(text)
        except ValueError as error:
            raise UsageError(f"--limit {key}={text!r} is not a number") from error
        if not 0 <= number < float("inf"):
            raise UsageError(f"--limit {key}={text} is not a limit", hint="give a finite number of at least 0")
        yield role, name, number
