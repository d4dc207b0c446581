"""One stable JSON text and hash for any JSON value.

Cache keys, prompt ids and random streams all start here, so two equal values must give the same text on every machine,
Python version and run: keys are sorted, spaces are absent, and everything beyond ASCII is escaped, which also lets lone
surrogates from a broken reply pass without an encoding error. NaN and infinity have no JSON text and are refused.
Values that a model is sent as the same have the same text: -0.0 is 0.0, and a surrogate pair is the character that it means.
"""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

__all__ = ["canonical", "digest", "stream"]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def canonical(value: Any) -> str:
    """The one JSON text of `value`.

    Raises ValueError for NaN and infinity, TypeError for what JSON can't hold.

    >>> canonical({"b": 1, "a": [True, None, "é"]})
    '{"a":[true,null,"\\\\u00e9"],"b":1}'
    """
    text = _ENCODER.encode(value)
    return _ENCODER.encode(_unsigned(value)) if "-0.0" in text else text


def _unsigned(value: Any) -> Any:
    """`value` with 0.0 for every -0.0, which is the same number."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, dict):
        return {_unsigned(name): _unsigned(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_unsigned(one) for one in value]
    return value


def digest(value: Any, length: int = 64) -> str:
    """The first `length` hexadecimal digits of the SHA-256 of `canonical(value)`."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()[:length]


def stream(*parts: Any) -> random.Random:
    """A random generator that depends on `parts` alone, so that no draw depends on what finished first.

    >>> stream(0, "node", 3).random() == stream(0, "node", 3).random()
    True
    """
    return random.Random(int(digest(list(parts)), 16))
