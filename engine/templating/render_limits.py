"""What a template may use up: turns of loops, characters, time, the size of a value.

A template may come from a stranger, and a few words of one can ask for more memory or time than there is. So turns and
characters are counted for each rendering, and whatever would make a large value of small ones is refused before it is made.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

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
"""Longest time of the processor for one rendering: each of a million turns may go through a long list."""
_LOOKS: Final = 64
"""Turns from one look at that time to the next."""
MAX_VALUE: Final = 4_000_000
"""Longest text or list that an expression may make."""
MAX_WRITTEN: Final = 16_000_000
"""Most characters that one rendering may write, macros and blocks included, whose text is whole only at their end."""
SMALL: Final = 1000
"""Largest number that a text is repeated by, widened to or filled up to, and longest text that is repeated."""
_BITS: Final = 4096
"""Longest whole number: multiplied with itself a few dozen times it would take for ever."""
WIDE: Final = re.compile(r"%(?:\([^)]*\))?[-+ #]*[\d.]*(?:\d{4}|\*)|\{[^{}]*:[^{}]*(?:\d{4}|\{)")
"""A width in a format that is too large, or that comes from elsewhere."""
_TEXTS: Final = (str, bytes, bytearray)
_NESTING: Final = (list, tuple, dict, set, frozenset)
_SIZED: Final = (*_TEXTS, *_NESTING)
_DEEPEST: Final = 100
LARGE: Final = f"it makes a value of more than {MAX_VALUE:,} characters or elements"
"""What is said of a value that is too large."""


@dataclass(slots=True)
class _Used:
    """What the rendering that goes on has used up."""

    turns: int = 0
    characters: int = 0
    began: float = field(default_factory=time.thread_time)
    going_on: bool = False
    """Whether the rendering ends by itself, see `dealt`."""


_USED: ContextVar[_Used | None] = ContextVar("promptwire_used", default=None)
_LATE: Final = "it takes more than {:g} seconds"


def start() -> None:
    """Begin a rendering: nothing is used up yet."""
    _USED.set(_Used())


@contextmanager
def dealt() -> Iterator[None]:
    """Count for one rendering. A rendering inside another, such as that of `asked`, uses up what the outer one has."""
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
    """Count one call that may take long, and look at the time."""
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
    # The processor's time and not the wall's: what else a machine does must not decide about a template.
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
    """`weight` and the length of `value` written out: what holds one list twice is written twice. Each element is a turn."""
    for one in (*value, *value.values()) if isinstance(value, dict) else value:
        count_step()
        weight = _weigh(one, weight) if isinstance(one, _NESTING) else weight + (len(one) if isinstance(one, _TEXTS) else 1)
        if weight > MAX_VALUE:
            raise OverflowError(LARGE)
    return weight


def require_small(of: Any, args: Sequence[Any], named: Mapping[str, Any], *, formats: bool) -> None:
    """Raise OverflowError where the arguments would make much of `of`."""
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
    """Raise OverflowError where `value`, each element on a line and indented by `width` for each level, would be too much."""
    if isinstance(value, _NESTING) and _weigh(value, 0) * (1 + width * _depth(value)) > MAX_VALUE:
        raise OverflowError(LARGE)


def _depth(value: Any, level: int = 0) -> int:
    """Levels of `value`. A key indents what stands under it by its own length."""
    if level > _DEEPEST:
        raise OverflowError(f"a value of more than {_DEEPEST} levels is not for templates")
    if isinstance(value, dict):
        return max((len(str(key)) + 1 + _depth(one, level + 1) for key, one in value.items()), default=1)
    return 1 + max((_depth(one, level + 1) for one in value), default=0) if isinstance(value, _NESTING) else 0


def require_short(text: Any, old: Any, new: Any) -> None:
    """Raise OverflowError where `text` with `new` for every `old` would be too long."""
    if len(text) + text.count(old) * len(new) > MAX_VALUE:
        raise OverflowError(LARGE)


def require_room(pattern: str, values: Sequence[Any]) -> None:
    """Raise OverflowError where `values`, put into every place of `pattern`, would be too much."""
    places = pattern.count("%") + pattern.count("{")
    if places * _weigh(list(values), 0) > MAX_VALUE:
        raise OverflowError(LARGE)
