"""Translation of a regular expression of `re` into the syntax of the `regex` library, with the same meaning.

`regex` has syntax that `re` lacks: `x{e}` is a fuzzy match, `[[:alpha:]]` a POSIX class, `\\p{L}` a property. Its `\\w`, `\\s`
and case folding differ. So `re` parses the pattern, and the translation is written from that parse, each character as itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

__all__ = ["translate"]

# The parser that `re` itself uses; its public name, sre_parse, is deprecated.
_PARSER: Final[Any] = import_module("re._parser")
_COMPILER: Final[Any] = import_module("re._compiler")
_WORD: Final = r"_\p{L}\p{N}"
"""Word characters of `re`: those of `str.isalnum`, and the underscore."""
_ASCII: Final = {"WORD": "A-Za-z0-9_", "DIGIT": "0-9", "SPACE": r"\t-\r\x20"}
_CODES: Final = {"DIGIT": r"\d", "SPACE": r"\s"}
_HIGH: Final = 0x40000
"""From here on no character is a letter, a digit or a space, or has a case: they differ only in the ranges of a pattern."""
_END: Final = 0x110000
_EMPTY_HAS_NO_BOUNDARY: Final = re.search(r"\B", "") is not None
"""Whether `\\B` matches an empty text; this depends on Python's version."""


def translate(pattern: str, flags: int = 0) -> str:
    """`pattern` in the syntax of `regex`, version 0. Raises re.error when it is not valid.

    >>> translate("x{e}")
    'x\\\\x7be\\\\x7d'
    """
    parsed = _PARSER.parse(pattern, flags)
    names = {number: name for name, number in parsed.state.groupdict.items()}
    return _Writer(names).sequence(parsed, parsed.state.flags)


class _Writer:
    """Writes a pattern that `re` has parsed."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names

    def sequence(self, items: Any, flags: int) -> str:
        return "".join(self._one(str(op), value, flags) for op, value in items)

    def _one(self, op: str, value: Any, flags: int) -> str:
        if op in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            return _character(op, value, flags)
        if op == "AT":
            return _position(str(value), flags)
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            most = "" if str(most) == "MAXREPEAT" else most
            mark = "?" if op == "MIN_REPEAT" else ""
            repeat = f"(?:{self.sequence(inner, flags)}){{{least},{most}}}{mark}"
            return f"(?>{repeat})" if op == "POSSESSIVE_REPEAT" else repeat
        if op == "BRANCH":
            return "(?:" + "|".join(self.sequence(each, flags) for each in value[1]) + ")"
        return self._group(op, value, flags)

    def _group(self, op: str, value: Any, flags: int) -> str:
        if op == "SUBPATTERN":
            group, add, remove, inner = value
            name = f"?P<{self._names[group]}>" if group in self._names else "" if group else "?:"
            return f"({name}{self.sequence(inner, (flags | add) & ~remove)})"
        if op in ("ASSERT", "ASSERT_NOT"):
            direction, inner = value
            mark = ("<" if direction < 0 else "") + ("=" if op == "ASSERT" else "!")
            return f"(?{mark}{self.sequence(inner, flags)})"
        if op == "ATOMIC_GROUP":
            return f"(?>{self.sequence(value, flags)})"
        if op == "GROUPREF":
            return f"(?{'i' if flags & re.IGNORECASE else ''}:\\{value})"
        if op == "GROUPREF_EXISTS":
            number, there, absent = value
            return f"(?({number}){self.sequence(there, flags)}|{self.sequence(absent or (), flags)})"
        if op == "FAILURE":
            return "(?!)"
        raise re.error(f"{op.lower()} is not supported")


def _position(where: str, flags: int) -> str:
    word = _ASCII["WORD"] if flags & re.ASCII else _WORD
    several = flags & re.MULTILINE
    inside = rf"(?:(?<=[{word}])(?=[{word}])|(?<![{word}])(?![{word}]))"
    found = {
        "AT_BEGINNING": "(?m:^)" if several else r"\A",
        "AT_BEGINNING_STRING": r"\A",
        "AT_END": "(?m:$)" if several else "$",
        "AT_END_STRING": r"\Z",
        "AT_BOUNDARY": rf"(?:(?<=[{word}])(?![{word}])|(?<![{word}])(?=[{word}]))",
        "AT_NON_BOUNDARY": inside if _EMPTY_HAS_NO_BOUNDARY else rf"(?!\A\Z){inside}",
    }
    return found[where]


def _character(op: str, value: Any, flags: int) -> str:
    """Write the part of a pattern that matches one character."""
    if op == "ANY":
        return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
    folded = bool(flags & re.IGNORECASE)
    if op in ("LITERAL", "NOT_LITERAL"):
        # Case is folded as in `re`: all characters that it treats as equal are listed.
        members = _members("LITERAL", value, flags) if folded else _escaped(value)
        return f"[{'^' if op == 'NOT_LITERAL' else ''}{members}]" if folded or op == "NOT_LITERAL" else members
    items = [(str(kind), part) for kind, part in value]
    negated = items[0][0] == "NEGATE"
    if negated:
        items = items[1:]
    if folded and any(kind != "CATEGORY" for kind, _ in items):
        return f"[{'^' if negated else ''}{_members('IN', tuple(value[1:] if negated else value), flags)}]"
    within, outside = "", list[str]()
    for kind, part in items:
        if kind == "CATEGORY":
            members = _category(str(part), flags)
            if "NOT_" in str(part):
                outside.append(f"[^{members}]")
            else:
                within += members
        else:
            within += _escaped(part) if kind == "LITERAL" else f"{_escaped(part[0])}-{_escaped(part[1])}"
    choices = ([f"[{within}]"] if within else []) + outside
    if len(choices) == 1 and not negated:
        return choices[0]
    if not outside:
        return f"[^{within}]"
    either = "(?:" + "|".join(choices) + ")"
    return f"(?:(?!{either})(?s:.))" if negated else either


def _category(name: str, flags: int) -> str:
    """The members of `\\w`, `\\d` or `\\s`, for use in a class."""
    kind = name.removeprefix("CATEGORY_").removeprefix("NOT_")
    if flags & re.ASCII:
        return _ASCII[kind]
    return _WORD if kind == "WORD" else _runs(_CODES[kind])


def _escaped(code: int) -> str:
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(maxsize=256)
def _members(op: str, value: Any, flags: int) -> str:
    """Ranges of all characters that the parsed `value` matches in `re`."""
    state = _PARSER.State()
    state.flags = flags
    kind: Any = getattr(_PARSER, op)
    one = _PARSER.SubPattern(state, [(kind, list(value) if op == "IN" else value)])
    several = _PARSER.SubPattern(state, [(_PARSER.MAX_REPEAT, (1, _PARSER.MAXREPEAT, one))])
    written = [(op, value)] if op == "LITERAL" else [(str(part), one) for part, one in value]
    lows = [one if part == "LITERAL" else one[0] for part, one in written if part in ("LITERAL", "RANGE")]
    highs = [one if part == "LITERAL" else one[1] for part, one in written if part in ("LITERAL", "RANGE")]
    return _ranges(_COMPILER.compile(several, flags).finditer, [*lows, *(high + 1 for high in highs)])


@lru_cache(maxsize=8)
def _runs(pattern: str) -> str:
    return _ranges(re.compile(f"{pattern}+").finditer)


def _ranges(finditer: Callable[[str], Iterator[re.Match[str]]], bounds: Iterable[int] = ()) -> str:
    """Ranges of all characters that `finditer` finds. `bounds`: the first characters of ranges and of the gaps between them."""
    spans = [(found.start(), found.end() - 1) for found in finditer(_low_characters())]
    starts = sorted({_HIGH, *(bound for bound in bounds if _HIGH < bound < _END)})
    for start, end in zip(starts, [*starts[1:], _END], strict=True):
        if any(finditer(chr(start))):
            first = spans.pop()[0] if spans and spans[-1][1] == start - 1 else start
            spans.append((first, end - 1))
    return "".join(_escaped(low) if low == high else f"{_escaped(low)}-{_escaped(high)}" for low, high in spans)


@lru_cache(maxsize=1)
def _low_characters() -> str:
    return "".join(map(chr, range(_HIGH)))
