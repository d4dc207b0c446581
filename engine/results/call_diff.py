"""Explain why calls were not cached: find the parts that differ from another run.

The run folder lists the parts of every call's cache key. For each call that the other run did not make, the smallest set of
differing parts is searched: without these parts, the call equals one of the other run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from promptwire.errors import RunError, suggest
from promptwire.security.untrusted_json import read_json

__all__ = ["Call", "Reason", "explain", "read_calls"]

PARTS: Final = ("settings", "sample", "stream", "identity", "messages", "prompt", "suffix", "options", "kind")
"""Parts of a cache key. If several would explain a difference, the first in this order is named."""
_TEXT: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""Encoder of all JSON values, since a damaged file may hold any."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a step."""

    key: str
    """Cache key."""
    new: bool
    """Whether the completion was new in that run, so not from the cache."""
    parts: tuple[str, ...]
    """JSON text of each of `PARTS`."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Difference between some calls and the nearest calls of the other run."""

    parts: tuple[str, ...]
    """Parts that differ; all of them when the other run has no similar call."""
    count: int
    """Number of calls that differ in these parts."""
    here: tuple[str, ...]
    """These parts of one such call."""
    there: tuple[str, ...]
    """The same parts of the nearest call of the other run."""


def read_calls(folder: Path, node: str) -> list[Call]:
    """Read the calls of the step at path `node` from the run folder `folder`; of all steps when `node` is empty.

    Raises RunError when the list of calls can't be read or has no such step.
    """
    found = []
    paths: set[str] = set()
    for row in _rows(folder / "calls.jsonl"):
        paths.add(str(row.get("path")))
        if not node or row.get("path") == node:
            parts = row["parts"] if isinstance(row.get("parts"), dict) else {}
            values = {**parts, "sample": row.get("sample")}
            texts = tuple(_TEXT.encode(values.get(part)) for part in PARTS)
            found.append(Call(str(row.get("key")), row.get("new") is True, texts))
    if node and not found:
        hint = suggest(node, paths, noun="steps")
        raise RunError(f"no step {node!r} called a model in this run", where=str(folder), hint=hint)
    return found


def explain(calls: Sequence[Call], others: Sequence[Call]) -> list[Reason]:
    """Explain the calls in `calls` that are not in `others`, the most frequent reason first."""
    known = {call.key for call in others}
    unexplained = {call.key: call for call in calls if call.key not in known}
    counts: Counter[tuple[str, ...]] = Counter()
    shown: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for size in (1, 2, 3):
        for positions in combinations(range(len(PARTS)), size):
            near = {_without(other.parts, positions): other for other in reversed(others)} if unexplained else {}
            parts = tuple(PARTS[position] for position in positions)
            for key, call in list(unexplained.items()):
                other = near.get(_without(call.parts, positions))
                if other is not None:
                    del unexplained[key]
                    counts[parts] += 1
                    shown.setdefault(parts, (_only(call.parts, positions), _only(other.parts, positions)))
    counts[PARTS] += len(unexplained)
    nothing: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    return [Reason(parts, count, *shown.get(parts, nothing)) for parts, count in counts.most_common() if count]


def _without(parts: tuple[str, ...], positions: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(part for position, part in enumerate(parts) if position not in positions)


def _only(parts: tuple[str, ...], positions: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(parts[position] for position in positions)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Read the lines of a JSON Lines file. A line that a kill cut short is skipped."""
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    row = read_json(line)
                except ValueError:
                    continue
                if isinstance(row, dict):
                    yield row
    except OSError as error:
        raise RunError(f"the run's list of calls can't be read: {error.strerror}", where=str(file)) from error
