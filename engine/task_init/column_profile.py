"""What the values of a column are like: how many there are, how many differ, how long they are."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

__all__ = ["ColumnProfile", "profile", "value_text"]

_FEW: Final = 50
"""Most different values of a column of labels."""
_LONGEST_LABEL: Final = 60
_EACH: Final = 3
"""Rows that a value of a column of labels has, in the mean."""
_LONGEST_NUMBER: Final = 40
_NUMBER: Final = re.compile(r"\s*[-+]?(?:\d[\d,' ]*)?\.?\d+(?:[eE][-+]?\d+)?\s*%?\s*")
_IDENTITY: Final = re.compile(r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{13,}|(?=\w*\d)[0-9a-fA-F]{12,}|https?://\S+)")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.+Z-]+)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}(?: [\d:]+)?")


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of the rows that were looked at."""

    name: str
    """Its name; its number in data without a header."""
    rows: int
    """Rows that were looked at."""
    filled: int
    """Rows with a value that is not blank."""
    distinct: int
    """Different values."""
    length: float
    """Characters of a value, in the mean."""
    words: float
    """Words of a value, in the mean."""
    numbers: bool
    """Whether all values are numbers."""
    identity: bool
    """Whether its values count or name the rows: 1, 2, 3, hashes, addresses, dates."""
    chats: bool
    """Whether its values are lists of messages."""
    lists: bool
    """Whether its values are lists."""
    keys: tuple[str, ...]
    """Keys of its values, where these are objects."""
    only: str
    """Its value where all rows have the same one, and there are several; else empty."""

    @property
    def repeats(self) -> bool:
        """Whether a few short values recur, as labels do."""
        return 2 <= self.distinct <= _FEW and self.filled >= _EACH * self.distinct and self.length <= _LONGEST_LABEL


def value_text(value: Any) -> str:
    """A value as text, for a profile."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def profile(name: str, values: Sequence[Any]) -> ColumnProfile:
    """The profile of the column `name` with these values; None for a row without it."""
    texts = [text for text in map(value_text, values) if text.strip()]
    filled, unique = len(texts), set(texts)
    objects = [value for value in values if isinstance(value, dict)]
    lists = [value for value in values if isinstance(value, list)]
    return ColumnProfile(
        name=name,
        rows=len(values),
        filled=filled,
        distinct=len(unique),
        length=sum(map(len, texts)) / max(filled, 1),
        words=sum(len(text.split()) for text in texts) / max(filled, 1),
        numbers=bool(texts) and all(len(text) < _LONGEST_NUMBER and _NUMBER.fullmatch(text) for text in unique),
        identity=_names_rows(texts, unique),
        chats=bool(lists) and all(_is_chat(value) for value in lists),
        lists=len(lists) == filled > 0,
        keys=tuple(objects[0]) if objects and len(objects) == filled else (),
        only=texts[0] if len(unique) == 1 and filled == len(values) > 1 else "",
    )


def _is_chat(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(one, dict) and "role" in one for one in value)


def _names_rows(texts: Sequence[str], unique: set[str]) -> bool:
    """Whether the values count the rows, or are all hashes, addresses or dates."""
    if len(texts) < 3:
        return False
    if all(_DATE.fullmatch(text.strip()) or _IDENTITY.fullmatch(text.strip()) for text in unique):
        return True
    if len(unique) < len(texts) or not all(text.isdecimal() and len(text) < 16 for text in texts):
        return False
    numbers = [int(text) for text in texts]
    return all(later - earlier == 1 for earlier, later in pairwise(numbers))
