"""Regular expressions that are compiled when they are first used.

A metric or a parser has dozens, of which a run uses few. Compiling all at import would take a fifth of a second.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast

__all__ = ["lazy_pattern"]

_NAMES: Final = frozenset(
    ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn", "flags", "groups", "groupindex")
)
"""What is taken from the compiled pattern."""


class _LazyPattern:
    """Stands for a compiled pattern. Has its methods as attributes after the first use, so later uses cost nothing more."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name not in _NAMES:
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        for each in _NAMES:
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile(pattern, flags)`, compiled when it is first used.

    >>> lazy_pattern("b+").search("abba")
    <re.Match object; span=(1, 3), match='bb'>
    """
    return cast("re.Pattern[str]", _LazyPattern(pattern, flags))
