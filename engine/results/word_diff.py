"""Difference of two prompts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final, Literal, NamedTuple

__all__ = ["Piece", "word_diff"]

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
_MOST: Final = 4_000
"""Most words of both texts that are compared: the time grows with the square. Longer texts are shown one after the other."""


class Piece(NamedTuple):
    """A run of words."""

    kind: Literal["same", "removed", "added"]
    """Whether both texts have it, only the first, or only the second."""
    text: str
    """The words, with the blanks between them."""


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """Return what is to be removed from `before` and added to it to get `after`.

    >>> [(piece.kind, piece.text) for piece in word_diff("Name it.", "Name it well.")]
    [('same', 'Name it'), ('added', ' well'), ('same', '.')]
    """
    return tuple(piece for piece in _pieces(before, after) if piece.text)


def _pieces(before: str, after: str) -> Iterator[Piece]:
    first, second = _WORDS.findall(before), _WORDS.findall(after)
    if len(first) + len(second) > _MOST and before != after:
        yield Piece("removed", before)
        yield Piece("added", after)
        return
    for what, start, end, new_start, new_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if what == "equal":
            yield Piece("same", "".join(first[start:end]))
        else:
            yield Piece("removed", "".join(first[start:end]))
            yield Piece("added", "".join(second[new_start:new_end]))
