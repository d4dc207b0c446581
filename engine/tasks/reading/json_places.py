"""Finds the line of a row in the text of a JSON document. Used for errors only: Python's parser keeps no positions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["line_of"]

_BLANK: Final = re.compile(r"[\s,:]*")
_DECODER: Final = json.JSONDecoder()


def line_of(text: str, path: Sequence[str], index: int) -> int:
    """Line on which member `index` of the list or object under the keys `path` begins, from 1.

    >>> line_of('{"data": [1,\\n 2]}', ["data"], 1)
    2
    """
    start = _next(text, 0)
    for key in path:
        start = next((at for name, at in _members(text, start) if name == key), start)
    for number, (_, at) in enumerate(_members(text, start)):
        if number == index:
            return text.count("\n", 0, at) + 1
    return 1


def _members(text: str, start: int) -> Iterator[tuple[str, int]]:
    """Key and position of each member of the list or object at `start`. The text is valid JSON."""
    named = text[start] == "{"
    at = _next(text, start + 1)
    while text[at] not in "]}":
        key = ""
        if named:
            key, at = _DECODER.raw_decode(text, at)
            at = _next(text, at)
        yield key, at
        at = _next(text, _DECODER.raw_decode(text, at)[1])


def _next(text: str, at: int) -> int:
    """Position of the next character that is no blank, comma or colon."""
    found = _BLANK.match(text, at)
    return found.end() if found else at
