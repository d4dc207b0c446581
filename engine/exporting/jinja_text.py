"""Texts of Jinja templates: literal texts that stay as they are, and names in the places of slots.

Braces that Jinja would read, and line breaks that it would change, are written as texts in quotes: `{{ "{" }}`. The reader
takes what is written here and nothing else, so that no template of another is run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from keyword import kwlist
from typing import Final

from promptwire.results.request_pattern import Slot

__all__ = ["identifiers", "jinja_fill", "jinja_text", "jinja_trimmed"]

_READ: Final = re.compile(r"\{(?=[{%#\r]|\Z)|\r")
"""A brace that may open something, and a line break that Jinja changes."""
_READ_LAST: Final = re.compile(r"\{(?=[{%#\r]|\n?\Z)|\r|\n\Z")
"""The same at the end of a template, whose last line break Jinja may drop."""
_FIELD: Final = re.compile(
    r'\{\{ (?:(?P<text>"(?:[^"\\]|\\.)*")|'
    r'(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\[(?P<cut>1):\])?(?:\.(?P<method>\w+)\("\\n"\))?) \}\}'
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN: Final = frozenset({*kwlist, *["true", "false", "none", "self", "context", "caller", "varargs", "kwargs", "loop"]})
"""Names that mean something else in a template."""
_Method = Callable[[str, str], str]
_EDGES: Final[Mapping[tuple[bool, bool], _Method | None]] = {
    (True, True): str.strip,
    (True, False): str.lstrip,
    (False, True): str.rstrip,
    (False, False): None,
}
"""What takes line breaks off a piece that is the first or the last one."""
_METHODS: Final = {method.__name__: method for method in (str.strip, str.lstrip, str.rstrip)}


def jinja_text(pieces: Sequence[str | Slot], names: Mapping[str, str]) -> str:
    """A template of `pieces`, with the expressions `names` in the places of the slots."""
    final = len(pieces) - 1
    parts = (_literal(one, last=at == final) if isinstance(one, str) else _shown(one, names) for at, one in enumerate(pieces))
    return "".join(parts)


def jinja_trimmed(pieces: Sequence[str | Slot], names: Mapping[str, str], *, inputs: bool) -> str:
    """The same without the line breaks at the ends of a message, which most runs do not send.

    With `inputs`, slots at the ends lose them too, by a method such as `{{ input.rstrip("\\n") }}`.
    """
    found, final = "", len(pieces) - 1
    for at, piece in enumerate(pieces):
        method = _EDGES[at == 0, at == final]
        if isinstance(piece, str):
            found += _literal(method(piece, "\n") if method else piece, last=at == final)
        else:
            found += _shown(piece, names, f'.{method.__name__}("\\n")' if method and inputs else "")
    return found


def _shown(slot: Slot, names: Mapping[str, str], method: str = "") -> str:
    return f"{{{{ {names[slot.slot]}{method} }}}}"


def _literal(text: str, *, last: bool) -> str:
    return (_READ_LAST if last else _READ).sub(lambda found: f"{{{{ {json.dumps(found[0])} }}}}", text)


def jinja_fill(template: str, values: Mapping[str, str]) -> str:
    """What Jinja makes of a template that `jinja_text` wrote. Raises KeyError for a name without a value."""

    def filled(found: re.Match[str]) -> str:
        if found["text"] is not None:
            return str(json.loads(found["text"]))
        text = values[found["name"]][1 if found["cut"] else 0 :]
        return _METHODS[found["method"]](text, "\n") if found["method"] else text

    return _FIELD.sub(filled, template)


def identifiers(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A name that templates and Python know for each of `names`: itself, or `field_1` and so on."""
    found: dict[str, str] = {}
    used = {*taken}
    for number, name in enumerate(names, 1):
        good = bool(_NAME.fullmatch(name)) and name not in _TAKEN and name not in used
        choice = name if good else f"field_{number}"
        while choice in used:
            choice += "_"
        found[name] = choice
        used.add(choice)
    return found
