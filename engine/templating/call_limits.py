"""Limits on the methods and filters that a template may call, and on their arguments.

The allowed methods of plain values are in a table. All others are refused, so that a method of a later Python cannot pass the
limits.
"""

from __future__ import annotations

import pprint
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final, cast

from promptwire.templating import render_limits

__all__ = ["pretty", "require_filter", "require_method"]

_SHRINKING: Final = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "isidentifier",
        "islower",
        "isnumeric",
        "isprintable",
        "isspace",
        "istitle",
        "isupper",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    ]
)
"""Methods of texts and bytes whose result is about as large as the text."""
_WIDENING: Final = frozenset({"center", "ljust", "rjust", "zfill"})
_FORMATS: Final = frozenset({"format", "format_map"})
_TEXTS: Final = _SHRINKING | _WIDENING | _FORMATS | {"replace", "join", "encode"}
_BYTES: Final = _SHRINKING | _WIDENING | {"replace", "decode", "hex"}
_NUMBERS: Final = frozenset(["as_integer_ratio", "bit_count", "bit_length", "conjugate", "hex", "is_integer"])
_LISTS: Final = frozenset(["copy", "count", "index"])
_MAPPINGS: Final = frozenset(["copy", "fromkeys", "get", "items", "keys", "values"])
_PLAIN: Final[tuple[tuple[type | tuple[type, ...], frozenset[str]], ...]] = (
    (str, _TEXTS),
    ((bytes, bytearray), _BYTES),
    ((int, float, complex), _NUMBERS),
    (dict, _MAPPINGS),
    ((list, tuple, range, set, frozenset, memoryview), _LISTS),
    (type, frozenset({"fromkeys"})),
)
"""Types of plain values and their methods that templates may call."""

_GROWING: Final = frozenset(["batch", "center", "indent", "round", "slice", "tojson", "urlize", "wordwrap"])
"""Jinja's filters whose result a number or a text among their arguments may make large."""
_SHORT: Final = {"striptags": 50_000, "title": 1_000_000, "urlize": 10_000, "wordwrap": 50_000, "wordcount": 1_000_000}
"""Longest text of filters with quadratic time, or with much time for each character."""
_DEEP: Final = frozenset({"pprint", "tojson"})
"""Filters that indent nested values."""


def require_method(of: Any, name: str, args: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Raise OverflowError if the method `name` of the plain value `of` is not allowed or its result would be too large."""
    known = next((methods for kind, methods in _PLAIN if isinstance(of, kind)), None)
    if known is None:
        return
    render_limits.look()
    if name not in known:
        raise OverflowError(f"{name!r} is not for templates")
    if name == "replace" and len(args) > 1:
        old, new = args[:2]
        if isinstance(old, str | bytes) and isinstance(new, str | bytes) and type(old) is type(new):
            render_limits.require_short(of, old, new)
    if name in _WIDENING or name in _FORMATS:
        render_limits.require_small(of, args, named, formats=name in _FORMATS)


def require_filter(name: str, value: Any, args: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Raise OverflowError if the result of Jinja's filter `name` would be too large or take too long."""
    if name in _SHORT and len(str(value)) > _SHORT[name]:
        raise OverflowError(f"the filter {name!r} is not for templates with texts of more than {_SHORT[name]:,} characters")
    if name in _GROWING or name == "format":
        render_limits.require_small(value, args, named, formats=name == "format")
    if name in _DEEP:
        indents = [*args, *named.values()] or [1]
        width = max(len(one) if isinstance(one, str) else one if isinstance(one, int) else 1 for one in indents)
        render_limits.require_shallow(value, max(1, width))


def pretty(value: Any) -> str:
    """`value` as `pprint` writes it, with its size limited while it is written."""
    sink = _Measured()
    pprint.PrettyPrinter(stream=cast(IO[str], sink)).pprint(value)
    return "".join(sink.pieces).removesuffix("\n")


class _Measured:
    """A stream that refuses more than a value may hold."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        """Keep `text`."""
        self._size += len(text)
        if self._size > render_limits.MAX_VALUE:
            raise OverflowError(render_limits.LARGE)
        self.pieces.append(text)
        return len(text)
