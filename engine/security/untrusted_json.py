"""JSON from outside, read within limits: depth, length of integers, and no values that JSON does not have."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["DEEPEST", "read_json"]

DEEPEST: Final = 100
"""Most levels of lists and objects in each other."""


def read_json(text: str | bytes) -> Any:
    """The value that `text` says. Raises ValueError, with a reason to show, for all that is no JSON within the limits.

    >>> read_json('{"a": [1]}')
    {'a': [1]}
    """
    try:
        data = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError(_DEEP) from error
    except json.JSONDecodeError:
        raise
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(_CONSTANT) else "an integer has too many digits") from error
    if _openings(text) > DEEPEST:
        _check_depth(data)
    return data


_DEEP: Final = f"nested deeper than {DEEPEST} levels"
_CONSTANT: Final = "no JSON number: "


def _refuse(word: str) -> Any:
    raise ValueError(f"{_CONSTANT}{word}")


def _openings(text: str | bytes) -> int:
    """How many lists and objects `text` may open: few of them can't be nested deeply."""
    return text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")


def _check_depth(data: Any) -> None:
    """Raise ValueError when `data` is nested too deeply. Level by level: a recursion would meet Python's own limit."""
    level = [data]
    for _ in range(DEEPEST + 1):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ValueError(_DEEP)
