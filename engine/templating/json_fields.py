"""Find a field in the JSON objects of a reply, with slips of models repaired.

Models break lines within a text, put a comma after the last entry, write the key in another case, or put the object into
another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["JSON_TRIES", "fields", "repaired"]

JSON_TRIES = 64
"""Most opening braces of a reply that are tried as the start of a JSON object."""
_PART = lazy_pattern(r'"(?:\\.|[^"\\])*(?:"|\Z)|,(?=\s{0,200}[}\]])', re.DOTALL)
"""A text in quotes, or a comma after the last entry."""
_ESCAPE = lazy_pattern(r'\\([^"\\/bfnrtu])', re.DOTALL)
_PAIR = lazy_pattern(r"\\.", re.DOTALL)


def fields(reply: str, name: str) -> Iterator[str]:
    """The answers under the key `name` in the objects of `reply`, in order.

    >>> list(fields('{"Prompt": "Do it."}', "prompt"))
    ['Do it.']
    """
    decoder = json.JSONDecoder(strict=False)  # a line break may stand in a text
    position = reply.find("{")
    for _ in range(JSON_TRIES):
        if position < 0:
            return
        try:
            value, end = decoder.raw_decode(reply, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            yield from _found(value, name)
        position = reply.find("{", end)


def repaired(reply: str) -> str:
    """`reply` without commas after a last entry, and with a backslash that escapes nothing as itself."""
    return _PART.sub(lambda part: "" if part[0] == "," else _PAIR.sub(_escaped, part[0]), reply)


def _escaped(pair: re.Match[str]) -> str:
    return "\\" + pair[0] if _ESCAPE.fullmatch(pair[0]) else pair[0]


def _found(value: Any, name: str) -> Iterator[str]:
    """The answers under `name`: of this object, else of the first level below that has the key."""
    level = [value]
    while level:
        held = [inner[key] for inner in level if isinstance(inner, dict) and (key := _key(inner, name)) is not None]
        if held:
            for one in held:
                yield from _texts(one)
            return
        level = [
            child
            for inner in level
            if isinstance(inner, dict | list)
            for child in (inner.values() if isinstance(inner, dict) else inner)
            if isinstance(child, dict | list)
        ]


def _key(owner: dict[str, Any], name: str) -> str | None:
    """The key that is `name`, else the last that is it in another case."""
    if name in owner:
        return name
    return next((key for key in reversed(owner) if key.strip().casefold() == name.casefold()), None)


def _texts(value: Any) -> Iterator[str]:
    """A JSON value as answers: one for a text, number or boolean, several for a list of these, otherwise none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool | int | float):
        yield json.dumps(value)
    elif isinstance(value, list):
        for element in value:
            if not isinstance(element, list):
                yield from _texts(element)
