"""Canonical JSON text and hash of values; random streams and sample numbers made from them.

Cache keys, prompt ids and random streams use this text. Equal values must have the same text on every machine, Python version
and run. So keys are sorted, spaces are absent and non-ASCII characters are escaped. Escaping also lets lone surrogates from a
broken reply pass without an encoding error. NaN and infinity have no JSON text and are rejected. Values that reach a model as
the same have the same text: -0.0 is 0.0, and a surrogate pair is the character that it encodes.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Hashable, Iterable
from typing import Any, Final

__all__ = ["canonical", "digest", "ordinals", "quoted", "stream"]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


quoted: Final = json.encoder.encode_basestring_ascii
"""The canonical JSON of a text."""


def canonical(value: Any) -> str:
    """The canonical JSON text of `value`.

    Raises ValueError for NaN and infinity, TypeError for what JSON can't hold.

    >>> canonical({"b": 1, "a": [True, None, "é"]})
    '{"a":[true,null,"\\\\u00e9"],"b":1}'
    """
    text = _ENCODER.encode(value)
    return _ENCODER.encode(_unsigned(value)) if "-0.0" in text else text


def _unsigned(value: Any) -> Any:
    """`value` with every -0.0, which is the same number, as 0.0."""
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
    """A random generator that depends on `parts` alone, so that no draw depends on timing.

    >>> stream(0, "node", 3).random() == stream(0, "node", 3).random()
    True
    """
    return random.Random(int(digest(list(parts)), 16))


def ordinals(keys: Iterable[Hashable]) -> tuple[int, ...]:
    """For each key, how many equal keys came before it.

    These are the sample numbers of equal requests. Two groups of failures may be the same, or two critiques may read alike. A
    node then sends the same request twice, and each needs a completion of its own. The cache key holds the sample number.

    >>> ordinals("abca")
    (0, 0, 0, 1)
    """
    seen: dict[Hashable, int] = {}
    numbers = []
    for key in keys:
        numbers.append(seen.get(key, 0))
        seen[key] = numbers[-1] + 1
    return tuple(numbers)
