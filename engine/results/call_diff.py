"""Why a step asked anew: which parts of its questions differ from those of another run.

A run's record says of every answer what its cache key was made of. For a question that the other run did not ask, the smallest
set of parts is looked for without which it would be one that the other run did ask.
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
"""The parts of a key; in this order when several would explain it."""
_TEXT: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""Takes whatever a damaged record may hold."""


@dataclass(frozen=True, slots=True)
class Call:
    """One answer that a step used."""

    key: str
    """Its cache key."""
    new: bool
    """Whether it was asked for in that run."""
    parts: tuple[str, ...]
    """The JSON text of each of `PARTS`."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some answers were not those of the other run."""

    parts: tuple[str, ...]
    """The parts that differ; all of them when no question of the other run is near."""
    count: int
    """Answers that this holds for."""
    here: tuple[str, ...]
    """One such answer's parts."""
    there: tuple[str, ...]
    """The same parts of the nearest answer of the other run."""


def read_calls(folder: Path, node: str) -> list[Call]:
    """The answers that the step at path `node` used in the run in `folder`; of all steps when `node` is empty.

    Raises RunError when there is no record or it knows no such step.
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
        raise RunError(f"no step {node!r} asked anything in this run", where=str(folder), hint=hint)
    return found


def explain(calls: Sequence[Call], others: Sequence[Call]) -> list[Reason]:
    """Why those of `calls` that `others` has not differ, the most frequent reason first."""
    known = {call.key for call in others}
    strange = {call.key: call for call in calls if call.key not in known}
    counts: Counter[tuple[str, ...]] = Counter()
    shown: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for size in (1, 2, 3):
        for places in combinations(range(len(PARTS)), size):
            near = {_without(other.parts, places): other for other in reversed(others)} if strange else {}
            parts = tuple(PARTS[place] for place in places)
            for key, call in list(strange.items()):
                other = near.get(_without(call.parts, places))
                if other is not None:
                    del strange[key]
                    counts[parts] += 1
                    shown.setdefault(parts, (_only(call.parts, places), _only(other.parts, places)))
    counts[PARTS] += len(strange)
    nothing: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    return [Reason(parts, count, *shown.get(parts, nothing)) for parts, count in counts.most_common() if count]


def _without(parts: tuple[str, ...], places: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(part for place, part in enumerate(parts) if place not in places)


def _only(parts: tuple[str, ...], places: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(parts[place] for place in places)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a record; what a kill cut off is passed over."""
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
        raise RunError(f"the run's record can't be read: {error.strerror}", where=str(file)) from error
