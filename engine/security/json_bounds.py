"""JSON from outside, refused before it fills the memory: 63 MB of empty lists would become 1.6 GB of objects."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["MOST_VALUES", "loads", "separators"]

MOST_VALUES: Final = 2_000_000
"""Most commas and opening brackets of one text, those in its strings included: each is one value at most."""
_HARMLESS: Final = 1_000_000
"""A shorter text is read without counting."""


def separators(text: str) -> int:
    """How many commas and opening brackets `text` has."""
    return text.count(",") + text.count("[") + text.count("{")


def loads(text: str) -> Any:
    """The value of the JSON `text`. Raises json.JSONDecodeError for what is none, or holds too many values."""
    if len(text) > _HARMLESS and separators(text) > MOST_VALUES:
        raise json.JSONDecodeError(f"more than {MOST_VALUES:,} values", "", 0)
    return json.loads(text)
