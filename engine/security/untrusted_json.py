"""Untrusted JSON, read within limits: number of values, depth, length of integers.

The number of values is limited before parsing: 63 MB of empty lists would become 1.6 GB of objects.
"""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["DEEPEST", "MOST_VALUES", "count_separators", "read_json"]

DEEPEST: Final = 100
"""Most levels of nested lists and objects."""
MOST_VALUES: Final = 2_000_000
"""Most commas and opening brackets of one text, including those in strings. Each starts one value at most."""
_TOO_DEEP: Final = f"nested deeper than {DEEPEST} levels"
_NO_NUMBER: Final = "no JSON number: "


def read_json(text: str | bytes, *, nonfinite: bool = False, most: int = MOST_VALUES) -> Any:
    """Parse `text`. Raises ValueError with the reason when it is not JSON within the limits.

    NaN and the infinities are refused unless `nonfinite` is set. `most` is the limit of commas and opening brackets.

    >>> read_json('{"a": [1]}')
    {'a': [1]}
    """
    if len(text) > most and count_separators(text) > most:
        raise ValueError(f"more than {most:,} values")
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        data = (_LENIENT if nonfinite else _STRICT).decode(text)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    except json.JSONDecodeError:
        raise
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(_NO_NUMBER) else "an integer has too many digits") from error
    if _count_openings(text) > DEEPEST:
        _check_depth(data)
    return data


def count_separators(text: str | bytes) -> int:
    """Count commas and opening brackets."""
    return (text.count(b",") if isinstance(text, bytes) else text.count(",")) + _count_openings(text)


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{_NO_NUMBER}{word}")


_STRICT: Final = json.JSONDecoder(parse_constant=_refuse_constant)
_LENIENT: Final = json.JSONDecoder()
"""Made once: `json.loads` makes a decoder for each text, which takes longer than a short line."""


def _count_openings(text: str | bytes) -> int:
    """Count opening brackets: an upper bound of the depth."""
    return text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")


def _check_depth(data: Any) -> None:
    """Raise ValueError when `data` is nested too deeply. Level by level: a recursion would meet Python's own limit."""
    level = [data]
    for _ in range(DEEPEST):
        children = (value.values() if type(value) is dict else value for value in level)
        level = [child for some in children for child in some if type(child) is dict or type(child) is list]
        if not level:
            return
    raise ValueError(_TOO_DEEP)
