"""Number equal questions, so that each gets an answer of its own.

Two groups of failures may be the same, two critiques may read alike, and a model is then asked the same question twice on
purpose. The cache knows an answer by its question and its sample number; these are the numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

__all__ = ["ordinals"]


def ordinals(keys: Iterable[Hashable]) -> tuple[int, ...]:
    """For each key, how many equal ones came before it.

    >>> ordinals("abca")
    (0, 0, 0, 1)
    """
    seen: dict[Hashable, int] = {}
    numbers = []
    for key in keys:
        numbers.append(seen.get(key, 0))
        seen[key] = numbers[-1] + 1
    return tuple(numbers)
