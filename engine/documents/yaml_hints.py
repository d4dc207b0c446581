"""What an author meant where PyYAML complains.

A missing comma or a line that is indented by one column too many comes out as "expected <block end>", which says where it
stopped and nothing about what to do. These are the slips that lead there.
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
    r"<block end>, but found '<block (mapping|sequence) start>'": "indent it as the lines that it goes with",
    r"<block end>, but found '[}\]]'": "it closes nothing: remove it",
    r"<block end>, but found '<scalar>'": "put the whole text in one pair of quotes",
    r"<block end>.*block mapping": "below a key stand more keys, each 'key: value' in the same column",
    r"<block end>.*block collection": "a list goes on with '- ' in the same column; nodes are no list, but 'name: {...}'",
    r"expected ':'": "write key: value, with a space after the ':'",
    r"quoted scalar": "close the quotes",
}
"""PyYAML's words, and what to do."""


def syntax_hint(complaint: str) -> str:
    """What to do about PyYAML's complaint `complaint`; empty where that is not known.

    >>> syntax_hint("expected ',' or ']', but got '}' while parsing a flow sequence")
    "put a ',' between elements and a ']' at the end"
    """
    return next((hint for shape, hint in _HINTS.items() if re.search(shape, complaint)), "")


def colon_hint(location: Location) -> str:
    """What to do about a ':' where no key can be: the first one of its line is right, so the line or the one above is not."""
    if re.fullmatch(r"\s*[\w.-]+", location.text[: location.column - 1]):
        return "indent the line as the keys that it goes with, and see that in the line above a space follows the ':'"
    return "put the text in quotes, or start a new line for the key"
