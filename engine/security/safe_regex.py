"""Regular expressions from untrusted files: limited in length, in size when unrolled, and in time.

The only module that imports the `regex` library, which has a time limit. Python's own `re` can run for years on nested repeats.
A pattern has its meaning in `re`: see `promptwire.security.regex_syntax`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from promptwire.errors import ReplyError
from promptwire.security.regex_syntax import translate

__all__ = ["PATTERN_LIMIT", "compile_pattern", "find_all", "matches", "search"]

PATTERN_LIMIT: Final = 20_000
"""A pattern is applied to the last characters of a text, this many."""
SECONDS: Final = 2.0
"""Time limit for one text: a thousand times what an ordinary pattern takes, even on a slow machine."""
_LONGEST: Final = 2000
_UNROLLED: Final = 20_000
"""Largest pattern with counted repeats written out. The library writes them out, and three nested `{1000}` fill any memory."""
_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d*)(?:,\d*)?\}|.", re.DOTALL)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str, flags: int = 0) -> Any:
    """Compile `pattern` with the flags of `re`. Raises ValueError when it is not valid or too large."""
    if len(pattern) > _LONGEST or _unrolled(pattern) > _UNROLLED:
        raise ValueError("not a pattern within the limits: it is too long, or its counts are too large")
    import regex  # noqa: PLC0415 - most runs have no pattern

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about patterns whose meaning may change in a later Python
            re.compile(pattern, flags)
            return regex.compile(translate(pattern, flags), regex.VERSION0)
    except (re.error, regex.error, ValueError, RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(f"not a pattern: {error}") from error


def find_all(pattern: str, text: str) -> Iterator[str]:
    """Find all matches in the end of `text`: the first group of each, or the whole match when the pattern has no group.

    Raises ReplyError at the time limit.
    """
    try:
        for match in compile_pattern(pattern).finditer(text[-PATTERN_LIMIT:], timeout=SECONDS):
            yield (match[1] or "") if match.re.groups else match[0]
    except TimeoutError as error:
        raise _slow(pattern) from error


def matches(pattern: str, text: str) -> bool:
    """Whether there is a match in the end of `text`. Raises ReplyError at the time limit."""
    try:
        return compile_pattern(pattern).search(text[-PATTERN_LIMIT:], timeout=SECONDS) is not None
    except TimeoutError as error:
        raise _slow(pattern) from error


def search(pattern: str, text: str, flags: int = 0) -> tuple[str | None, ...] | None:
    """First match in all of `text`, with its groups; None without a match. Raises ReplyError at the time limit."""
    try:
        match = compile_pattern(pattern, flags).search(text, timeout=SECONDS)
    except TimeoutError as error:
        raise _slow(pattern) from error
    return None if match is None else (match[0], *match.groups())


def _slow(pattern: str) -> ReplyError:
    hint = "write it without repeats inside of repeats, such as (a+)+, and with few .* in a row"
    return ReplyError(f"the pattern {pattern[:80]!r} takes more than {SECONDS:g} seconds on a text", hint=hint)


def _unrolled(pattern: str) -> int:
    """Count characters, classes and operators of the pattern with `{n}` written out."""
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
