"""Calls, tokens and dollars of each node of a run, read from its calls and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from promptwire.security.untrusted_numbers import price, token_count

__all__ = ["NodeUsage", "read_usage"]


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """What one node used, over all rounds."""

    new: int
    """Completions that a model made in this run."""
    cached: int
    """Completions from the cache, or made for another node at the same time."""
    failed: int
    """Requests that brought no completion, after all tries."""
    tokens: int | None
    """Tokens read and written by new calls; None when an earlier version did not record them."""
    usd: float | None
    """US dollars of new calls; None when a price is unknown."""


def read_usage(calls: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]) -> dict[str, NodeUsage]:
    """Return the usage by path, in the order of each node's first call, from the lines of calls.jsonl and events.jsonl."""
    completions: Counter[tuple[str, bool]] = Counter()
    for call in calls:
        completions[str(call.get("path", "")), call.get("new") is True] += 1
    failed: Counter[str] = Counter()
    tokens: dict[str, int | None] = {}
    usd: dict[str, float | None] = {}
    for event in events:
        path, what = str(event.get("path", "")), event.get("event")
        failed[path] += what == "lost"
        if what in ("request", "charged"):
            tokens[path] = _sum(tokens.get(path, 0), _tokens(event))
            usd[path] = _sum(usd.get(path, 0.0), price(event.get("usd")))
    paths = dict.fromkeys([path for path, _ in completions] + [path for path, n in failed.items() if n])
    return {
        path: NodeUsage(
            completions[path, True], completions[path, False], failed[path], tokens.get(path, 0), usd.get(path, 0.0)
        )
        for path in paths
    }


def _tokens(event: Mapping[str, Any]) -> int | None:
    told = [event[name] for name in ("tokens_in", "tokens_out", "tokens") if name in event]
    return sum(token_count(one) for one in told) if told else None


def _sum(total: Any, more: Any) -> Any:
    """The sum; None when a part is not known."""
    return None if total is None or more is None else total + more
