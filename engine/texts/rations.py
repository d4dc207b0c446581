"""What a template may use up: turns of loops, characters, time, the size of a value.

A template may come from a stranger, and a few words of one can ask for more memory or time than there is. So turns and
characters are counted for each rendering, and whatever would make a large value of small ones is refused before it is made.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "LARGE",
    "MAX_TURNS",
    "MAX_VALUE",
    "SMALL",
    "WIDE",
    "deal",
    "held",
    "require_room",
    "require_short",
    "require_small",
    "turn",
    "turns",
    "written",
]

MAX_TURNS: Final = 1_000_000
"""Most turns of all loops, and calls, of one rendering: a few tenths of a second."""
SECONDS: Final = 10.0
"""Longest time of the processor for one rendering: each of a million turns may go through a long list."""
_LOOKS: Final = 16
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
LARGE: Final = f"it makes a value of more than {MAX_VALUE:,} characters or elements"
"""What is said of a value that is too large."""


@dataclass(slots=True)
class _Used:
    """What the rendering that goes on has used up."""

    turns: int = 0
    characters: int = 0
    began: float = field(default_factory=time.thread_time)


_USED: ContextVar[_Used] = ContextVar("promptwire_used")


def deal() -> None:
    """Begin a rendering: nothing is used up yet."""
    _USED.set(_Used())


def turn() -> None:
    """Count one turn of a loop, or one call."""
    used = _USED.get()
    used.turns += 1
    if used.turns > MAX_TURNS:
        raise OverflowError(f"its loops and calls make more than {MAX_TURNS:,} turns")
    # The processor's time and not the wall's: what else a machine does must not decide about a template.
    if used.turns % _LOOKS == 0 and time.thread_time() - used.began > SECONDS:
        raise OverflowError(f"it takes more than {SECONDS:g} seconds")


def turns(values: Iterable[Any]) -> Iterator[Any]:
    """`values`, each counted."""
    for value in values:
        turn()
        yield value


def written(value: Any) -> str:
    """`value` as text, counted."""
    text = str(value)
    used = _USED.get()
    used.characters += len(text)
    if used.characters > MAX_WRITTEN:
        raise OverflowError(f"it writes more than {MAX_WRITTEN:,} characters")
    return text


def held(value: Any) -> Any:
    """`value`, unless it is too large."""
    if isinstance(value, str | list | tuple) and len(value) > MAX_VALUE:
        raise OverflowError(LARGE)
    if isinstance(value, list | tuple | dict):
        _weigh(value, 0)
    if isinstance(value, int) and value.bit_length() > _BITS:
        raise OverflowError(f"a number of more than {_BITS:,} bits is not for templates")
    return value


def _weigh(value: Any, weight: int) -> int:
    """`weight` and the length of `value` written out: what holds one list twice is written twice. Each element is a turn."""
    for one in (*value, *value.values()) if isinstance(value, dict) else value:
        turn()
        weight = (
            _weigh(one, weight) if isinstance(one, list | tuple | dict) else weight + (len(one) if isinstance(one, str) else 1)
        )
        if weight > MAX_VALUE:
            raise OverflowError(LARGE)
    return weight


def require_small(of: Any, args: Sequence[Any], named: Mapping[str, Any], *, formats: bool) -> None:
    """Raise OverflowError where the arguments would make much of `of`."""
    for value in (*args, *named.values()):
        wide = isinstance(value, int | float) and not formats and abs(value) > SMALL
        size = len(of) * len(value) if isinstance(value, str) and isinstance(of, Sized) and not formats else 0
        if wide or size > MAX_VALUE:
            raise OverflowError("such large arguments are not for templates")
    if formats and isinstance(of, str):
        if WIDE.search(of):
            raise OverflowError("such wide formats are not for templates")
        require_room(of, [*args, *named.values()])


def require_short(text: str, old: str, new: str) -> None:
    """Raise OverflowError where `text` with `new` for every `old` would be too long."""
    if len(text) + text.count(old) * len(new) > MAX_VALUE:
        raise OverflowError(LARGE)


def require_room(pattern: str, values: Sequence[Any]) -> None:
    """Raise OverflowError where `values`, put into every place of `pattern`, would be too much."""
    places = pattern.count("%") + pattern.count("{")
    if places * _weigh(list(values), 0) > MAX_VALUE:
        raise OverflowError(LARGE)
