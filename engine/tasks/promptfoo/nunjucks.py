"""The part of nunjucks that promptfoo's texts need here: `{{ name }}`, `{{ name.key }}`, raw blocks, literal texts, comments.

Filters, conditions and loops are refused: promptwire fills placeholders in and runs no program. Values become text as
JavaScript writes them, since promptfoo sends that text to the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

__all__ = ["Parts", "Ref", "Unsupported", "names_in", "parse", "partial", "rendered", "text_of"]

_TAG: Final = re.compile(r"\{\{-?|\{%-?|\{#")
_CLOSE: Final = {"{{": re.compile(r"-?\}\}"), "{%": re.compile(r"-?%\}"), "{#": re.compile(r"#\}")}
_OUTPUT: Final = re.compile(r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^'"])*?(?=-?\}\})""", re.DOTALL)
"""What stands between `{{` and its end: braces in quotes do not end it."""
_PATH: Final = re.compile(r"\s*([A-Za-z_$][\w$]*)((?:\.[A-Za-z_$][\w$]*|\[\s*(?:\d+|'[^']*'|\"[^\"]*\")\s*\])*)\s*", re.ASCII)
_STEP: Final = re.compile(r"\.([A-Za-z_$][\w$]*)|\[\s*(?:(\d+)|'([^']*)'|\"([^\"]*)\")\s*\]", re.ASCII)
_QUOTED: Final = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*""", re.DOTALL)
_RAW: Final = re.compile(r"\{%-?\s*(raw|verbatim)\s*-?%\}(.*?)\{%-?\s*end\1\s*-?%\}", re.DOTALL)
_LINE_END: Final = re.compile("[\n\r\u2028\u2029]")
_PAIRS: Final = (("{{", "}"), ("{%", "%"), ("{#", "#"))
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_EXPONENT: Final = re.compile(r"e([+-])0*(\d+)")
_NAMES_OF_PROMPTFOO: Final = {
    "env": "the environment is not read: write the value",
    "_conversation": "write the earlier messages into the prompt",
}


class Ref(NamedTuple):
    """A place where a variable is filled in."""

    path: tuple[str, ...]
    """Name of the variable, then keys inside of it."""

    @property
    def name(self) -> str:
        """The path with dots, which is the name of the column."""
        return ".".join(self.path)


Parts = tuple["str | Ref", ...]
"""A text: what stands there, and the places that are filled in. No two texts are neighbours."""


class Unsupported(ValueError):
    """A template uses what promptwire has no counterpart for."""

    def __init__(self, found: str, place: int, hint: str) -> None:
        super().__init__(found)
        self.found = found
        """What was found, shortened."""
        self.place = place
        """Position of the tag in the text."""
        self.hint = hint
        """What to write instead."""


def parse(text: str) -> Parts:
    """The parts of `text`. Raises Unsupported for a tag that is not one of the few that are known.

    >>> parse("Sort {{ text }} by {{ '{{' }}a}}.")
    ('Sort ', Ref(path=('text',)), ' by {{a}}.')
    """
    found: list[str | Ref] = []
    at = 0
    strip = False
    while (tag := _TAG.search(text, at)) is not None:
        before = text[at : tag.start()]
        before = before.lstrip() if strip else before
        found.append(before.rstrip() if tag[0].endswith("-") else before)
        raw = _RAW.match(text, tag.start())
        if raw is not None:
            found.append(raw[2])
            at, strip = raw.end(), False
            continue
        quoted = _OUTPUT.match(text, tag.end()) if tag[0].startswith("{{") else None
        close = _CLOSE[tag[0][:2]].search(text, quoted.end() if quoted else tag.end())
        if close is None:
            raise Unsupported(text[tag.start() :][:40], tag.start(), "close it, or write {% raw %} before it")
        strip = close[0].startswith("-")
        if tag[0][:2] != "{#":
            found.append(_expression(text[tag.end() : close.start()], tag, text[tag.start() : close.end()]))
        at = close.end()
    found.append(text[at:].lstrip() if strip else text[at:])
    return _joined(found)


def _expression(inner: str, tag: re.Match[str], whole: str) -> str | Ref:
    shown = whole if len(whole) <= 60 else whole[:57] + "..."
    if tag[0].startswith("{%"):
        hint = "promptwire has no conditions and loops in prompts: write the text out, with {{name}} where a variable belongs"
        raise Unsupported(shown, tag.start(), hint)
    if (quoted := _QUOTED.fullmatch(inner)) is not None:
        text = quoted[1] if quoted[1] is not None else quoted[2]
        return re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), text, flags=re.DOTALL)
    path = _PATH.fullmatch(inner)
    if path is None:
        hint = "promptwire fills in variables as they are: write {{name}}, and put the changed text into a variable of its own"
        raise Unsupported(shown, tag.start(), hint)
    if path[1] in _NAMES_OF_PROMPTFOO:
        raise Unsupported(shown, tag.start(), _NAMES_OF_PROMPTFOO[path[1]])
    steps = (step[1] or step[2] or step[3] or step[4] or "" for step in _STEP.finditer(path[2]))
    return Ref((path[1], *steps))


def _joined(parts: Sequence[str | Ref]) -> Parts:
    joined: list[str | Ref] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return tuple(joined)


def partial(text: str) -> bool:
    """Whether promptfoo takes `text` for no template: a tag in it is not closed in its line, so nothing is filled in."""
    if re.search(r"\{%\s*raw\s*%\}", text) and re.search(r"\{%\s*endraw\s*%\}", text):
        return False
    ends = [found.start() for found in _LINE_END.finditer(text)] + [len(text)]
    return any(_open_at_line_end(text, opening, closing, ends) for opening, closing in _PAIRS if opening in text)


def _open_at_line_end(text: str, opening: str, closing: str, ends: Sequence[int]) -> bool:
    """Whether a line ends between an `opening` and the next `closing`. Looks at each character once."""
    at, line, close = text.find(opening), 0, -1
    while at >= 0:
        if close < at + 2:
            close = text.find(closing, at + 2)
            close = len(text) + 1 if close < 0 else close
        while ends[line] < at + 2 and line < len(ends) - 1:
            line += 1
        if at + 2 <= ends[line] < close:
            return True
        at = text.find(opening, at + 1)
    return False


def names_in(parts: Parts) -> tuple[Ref, ...]:
    """The places of `parts`, each variable once."""
    return tuple(dict.fromkeys(part for part in parts if isinstance(part, Ref)))


def rendered(parts: Parts, value: Callable[[Ref], str]) -> str:
    """The text with `value` filled in."""
    return "".join(part if isinstance(part, str) else value(part) for part in parts)


def text_of(value: Any) -> str:
    """A value as nunjucks writes it: nothing for null, numbers as JavaScript.

    >>> text_of(2.0), text_of(True), text_of(None), text_of(1e-7)
    ('2', 'true', '', '1e-7')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    if isinstance(value, int | float):
        number = float(value)
        if number.is_integer() and abs(number) < 1e21:
            return str(int(number))
        return _EXPONENT.sub(r"e\1\2", repr(number))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
