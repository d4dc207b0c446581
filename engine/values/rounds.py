"""Numbers of rounds and elements: runs count and store them from 0, people read them from 1."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["from_one"]

_NUMBER: Final = re.compile(r"[0-9]{1,9}")


def from_one(place: str) -> str:
    """Return the stored rounds or elements `place`, counted from 1.

    >>> from_one("0.2"), from_one("/3"), from_one("")
    ('1.3', '/4', '')
    """
    return _NUMBER.sub(_next, place)


def _next(number: re.Match[str]) -> str:
    return str(int(number[0]) + 1)
