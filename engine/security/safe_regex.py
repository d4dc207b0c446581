"""Regular expressions from untrusted files: limited in length, in size when unrolled, and in time.

The only file that knows the `regex` library, which takes a time limit; Python's own `re` tries on for years where repeats stand
in repeats. A pattern means what it means to `re`: see `promptwire.security.regex_syntax`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from promptwire.errors import ReplyError
from promptwire.security.regex_syntax import translate

__all__ = ["PATTERN_LIMIT", "compiled", "find", "found", "search"]

PATTERN_LIMIT: Final = 20_000
"""A pattern sees so many characters from the end of a text."""
SECONDS: Final = 2.0
"""Longest time for one text: a thousand times what an ordinary pattern takes, even on a slow machine."""
_LONGEST: Final = 2000
_UNROLLED: Final = 20_000
"""Largest pattern when counted repeats are written out: the library does that, and three nested `{1000}` fill any memory."""
_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d*)(?:,\d*)?\}|.", re.DOTALL)


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: int = 0) -> Any:
    """`pattern` with the flags of `re`, ready. Raises ValueError for one that is none, or that is too large."""
    if len(pattern) > _LONGEST or _unrolled(pattern) > _UNROLLED:
        raise ValueError("not a pattern that is taken: it is too long, or its counts are too large")
    import regex  # noqa: PLC0415 - most runs have no pattern

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a pattern may mean in some later version
            re.compile(pattern, flags)
            return regex.compile(translate(pattern, flags), regex.VERSION0)
    except (re.error, regex.error, ValueError, RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(f"not a pattern: {error}") from error


def find(pattern: str, text: str) -> Iterator[str]:
    """Every match in the end of `text`: its first group, or all of it when the pattern has none.

    Raises ReplyError when it takes too long.
    """
    try:
        for match in compiled(pattern).finditer(text[-PATTERN_LIMIT:], timeout=SECONDS):
            yield (match[1] or "") if match.re.groups else match[0]
    except TimeoutError as error:
        raise _slow(pattern) from error


def found(pattern: str, text: str) -> bool:
    """Whether there is a match in the end of `text`. Raises ReplyError when it takes too long."""
    try:
        return compiled(pattern).search(text[-PATTERN_LIMIT:], timeout=SECONDS) is not None
    except TimeoutError as error:
        raise _slow(pattern) from error


def search(pattern: str, text: str, flags: int = 0) -> tuple[str | None, ...] | None:
    """The first match in all of `text` and its groups; None when there is none. Raises ReplyError when it takes too long."""
    try:
        match = compiled(pattern, flags).search(text, timeout=SECONDS)
    except TimeoutError as error:
        raise _slow(pattern) from error
    return None if match is None else (match[0], *match.groups())


def _slow(pattern: str) -> ReplyError:
    hint = "write it without repeats inside of repeats, such as (a+)+, and with few .* in a row"
    return ReplyError(f"the pattern {pattern[:80]!r} takes more than {SECONDS:g} seconds on a text", hint=hint)


def _unrolled(pattern: str) -> int:
    """How many characters, classes and marks the pattern has when `{n}` is written out."""
    sizes, last = [0], 0
    for token in _TOKEN.finditer(pattern):
        if token[0] == "(":
            sizes.append(0)
        elif token[0] == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif token[1] is not None:
            times = int(token[1][:9] or 0) or 1
            sizes[-1] += last * (times - 1)
            last *= times
        else:
            last = 1
            sizes[-1] += 1
    return sum(sizes)
