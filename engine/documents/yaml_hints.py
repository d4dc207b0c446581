"""Hints for PyYAML's syntax errors.

For a missing comma or one space too many, PyYAML reports "expected <block end>". That says where it stopped, but not what to
do. These are the usual mistakes behind such errors.
"""

from __future__ import annotations

import re
from typing import Final

from promptwire.errors import Location

__all__ = ["colon_hint", "syntax_hint"]

_HINTS: Final = {
    r"cannot start any token|undefined alias": "put the text in quotes",
    r"',' or '}'": "put a ',' between entries and a '}' at the end, and a text with ',', ':', '{' or '[' in quotes",
    r"',' or '\]'": "put a ',' between elements and a ']' at the end",
    r"<block end>, but found '<block (mapping|sequence) start>'": "indent it like the lines that it belongs to",
    r"<block end>, but found '[}\]]'": "remove it: no bracket is open",
    r"<block end>, but found '<scalar>'": "put the whole text in one pair of quotes",
    r"<block end>.*block mapping": "write the keys of a mapping as 'key: value', all in the same column",
    r"<block end>.*block collection": "start each list element with '- ' in one column; nodes are not a list: 'name: {...}'",
    r"expected ':'": "write key: value, with a space after the ':'",
    r"quoted scalar": "close the quotes",
}
"""Pattern of PyYAML's message, and the hint."""


def syntax_hint(complaint: str) -> str:
    """Hint for PyYAML's message `complaint`; empty when none is known.

    >>> syntax_hint("expected ',' or ']', but got '}' while parsing a flow sequence")
    "put a ',' between elements and a ']' at the end"
    """
    return next((hint for shape, hint in _HINTS.items() if re.search(shape, complaint)), "")


def colon_hint(location: Location) -> str:
    """Hint for a ':' where no key can be. When it is the first in its line, the indentation or the line above is wrong."""
    if re.fullmatch(r"\s*[\w.-]+", location.text[: location.column - 1]):
        return "indent the line like the keys that it belongs to, and write a space after the ':' in the line above"
    return "put the text in quotes, or start a new line for the key"
