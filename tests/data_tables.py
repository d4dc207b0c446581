"""Small data files of many kinds, for tests of what is guessed about them."""

from __future__ import annotations

import json
from collections.abc import Sequence

__all__ = ["lines", "rows", "table"]

TEXTS = (
    "The room was clean",
    "We waited an hour",
    "The guide knew all",
    "My bag never came",
    "The beds are soft",
    "The soup was cold",
)


def rows(count: int, labels: Sequence[str] = ("good", "bad")) -> list[tuple[str, str]]:
    """`count` texts that differ, with labels in turn."""
    return [(f"{TEXTS[at % len(TEXTS)]} {at}", labels[at % len(labels)]) for at in range(count)]


def table(header: str, cells: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """A table without quotes; no line for an empty header."""
    return "\n".join([*([header] if header else []), *(delimiter.join(row) for row in cells)]) + "\n"


def lines(values: Sequence[object]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(value) + "\n" for value in values)
