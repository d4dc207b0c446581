"""Limits of one rendering: turns of loops, characters, time, size of a value.

A template may be untrusted input, and a few words in it can ask for more memory or time than there is. So turns and characters
are counted for each rendering, and a large value is refused before it is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from promptwire.lazy_pattern import lazy_pattern

__all__ = [
    "LARGE",
    "MAX_TURNS",
    "MAX_VALUE",
    "SMALL",
    "WIDE",
    "check_size",
    "count_output",
    "count_step",
    "counted_steps",
    "dealt",
    "look",
    "require_room",
    "require_shallow",
    "require_short",
    "require_small",
    "start",
]

MAX_TURNS: Final = 1_000_000
"""Most turns of all loops, and calls, of one rendering: a few tenths of a second."""
SECONDS: Final = 10.0
"""Most CPU time for one rendering: each of a million turns may go through a long list."""
_LOOKS: Final = 64
"""Turns between two checks of that time."""
MAX_VALUE: Final = 4_000_000
"""Longest text or list that an expression may make."""
MAX_WRITTEN: Final = 16_000_000
"""Most characters that one rendering may write, including macros and blocks, whose text is complete only at their end."""
SMALL: Final = 1000
"""Largest number that a text is repeated by, widened to or filled up to, and longest text that is repeated."""
_BITS: Final = 4096
"""Longest whole number: squared a few dozen times, a longer one would not finish."""
WIDE: Final = lazy_pattern(r"%(?:\([^)]*\))?[-+ #]*[\d.]*(?:\d{4}|\*)|\{[^{}]*:[^{}]*(?:\d{4}|\{)")
"""A width in a format that is too large, or that comes from elsewhere."""
_TEXTS: Final = (str, bytes, bytearray)
_NESTING: Final = (list, tuple, dict, set, frozenset)
_SIZED: Final = (*_TEXTS, *_NESTING)
_DEEPEST: Final = 100
LARGE: Final = f"it makes a value of more than {MAX_VALUE:,} characters or elements"
"""The message for a value that is too large."""


@dataclass(slots=True)
class _Used:
    """What the current rendering has used."""

    turns: int = 0
    characters: int = 0
    began: float = field(default_factory=time.thread_time)
    going_on: bool = False
    """Whether an outer rendering is running, see `dealt`."""


_USED: ContextVar[_Used | None] = ContextVar("promptwire_used", default=None)
_LATE: Final = "it takes more than {:g} seconds"


def start() -> None:
    """Begin a rendering and reset its counters."""
    _USED.set(_Used())


@contextmanager
def dealt() -> Iterator[None]:
    """Count for one rendering. A rendering inside another, such as that of `asked`, uses the limits of the outer one."""
    before = _USED.get()
    if before is not None and before.going_on:
        yield
        return
    _USED.set(_Used(going_on=True))
    try:
        yield
    finally:
        _USED.set(None)


def look() -> None:
    """Count one call that may take long, and check the time."""
    count_step()
    used = _USED.get() or _Used()
    if time.thread_time() - used.began > SECONDS:
        raise OverflowError(_LATE.format(SECONDS))


def count_step() -> None:
    """Count one turn of a loop, or one call."""
    used = _USED.get() or _Used()
    used.turns += 1
    if used.turns > MAX_TURNS:
        raise OverflowError(f"its loops and calls make more than {MAX_TURNS:,} turns")
    # CPU time, not wall time: other load on the machine must not decide about a template.
    if used.turns % _LOOKS == 0 and time.thread_time() - used.began > SECONDS:
        raise OverflowError(_LATE.format(SECONDS))


def counted_steps(values: Iterable[Any]) -> Iterator[Any]:
    """`values`, each counted."""
    for value in values:
        count_step()
        yield value


def count_output(value: Any) -> str:
    """`value` as text, counted."""
    text = str(value)
    used = _USED.get() or _Used()
    used.characters += len(text)
    if used.characters > MAX_WRITTEN:
        raise OverflowError(f"it writes more than {MAX_WRITTEN:,} characters")
    return text


def check_size(value: Any) -> Any:
    """`value`, unless it is too large."""
    if isinstance(value, _SIZED) and len(value) > MAX_VALUE:
        raise OverflowError(LARGE)
    if isinstance(value, _NESTING):
        _weigh(value, 0)
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise OverflowError(f"a number of more than {_BITS:,} bits is not for templates")
    return value


def _weigh(value: Any, weight: int) -> int:
    """`weight` plus the length of `value` written out, where a list held twice counts twice. Each element is a turn."""
    for one in (*value, *value.values()) if isinstance(value, dict) else value:
        count_step()
        weight = _weigh(one, weight) if isinstance(one, _NESTING) else weight + (len(one) if isinstance(one, _TEXTS) else 1)
        if weight > MAX_VALUE:
            raise OverflowError(LARGE)
    return weight


def require_small(of: Any, args: Sequence[Any], named: Mapping[str, Any], *, formats: bool) -> None:
    """Raise OverflowError if the arguments would make a large value of `of`."""
    for value in (*args, *named.values()):
        wide = isinstance(value, int | float) and not formats and abs(value) > SMALL
        size = len(of) * len(value) if isinstance(value, _TEXTS) and isinstance(of, Sized) and not formats else 0
        if wide or size > MAX_VALUE:
            raise OverflowError("such large arguments are not for templates")
    if formats and isinstance(of, str):
        if WIDE.search(of):
            raise OverflowError("such wide formats are not for templates")
        require_room(of, [*args, *named.values()])


def require_shallow(value: Any, width: int) -> None:
    """Raise OverflowError if `value` would be too large with one element a line, indented by `width` a level."""
    if isinstance(value, _NESTING) and _weigh(value, 0) * (1 + width * _depth(value)) > MAX_VALUE:
        raise OverflowError(LARGE)


def _depth(value: Any, level: int = 0) -> int:
    """Levels of `value`. A key indents its value by its own length."""
    if level > _DEEPEST:
        raise OverflowError(f"a value of more than {_DEEPEST} levels is not for templates")
    if isinstance(value, dict):
        return max((len(str(key)) + 1 + _depth(one, level + 1) for key, one in value.items()), default=1)
    return 1 + max((_depth(one, level + 1) for one in value), default=0) if isinstance(value, _NESTING) else 0


def require_short(text: Any, old: Any, new: Any) -> None:
    """Raise OverflowError if `text` with `new` for every `old` would be too long."""
    if len(text) + text.count(old) * len(new) > MAX_VALUE:
        raise OverflowError(LARGE)


def require_room(pattern: str, values: Sequence[Any]) -> None:
    """Raise OverflowError if `pattern` with `values` at every position would be too long."""
    places = pattern.count("%") + pattern.count("{")
    if places * _weigh(list(values), 0) > MAX_VALUE:
        raise OverflowError(LARGE)
