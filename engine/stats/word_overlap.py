"""How alike two texts are, by the words that they share: a number without a model, the same in every run."""

from __future__ import annotations

from typing import Final

from promptwire.lazy_pattern import lazy_pattern

__all__ = ["overlap", "words_of"]

_LETTER: Final = r"[\u3040-\u30ff\u3400-\u9fff]"
"""Scripts without blanks between words: each character counts as a word."""
_WORD: Final = lazy_pattern(rf"{_LETTER}|(?:(?!{_LETTER})\w)+")


def words_of(text: str) -> frozenset[str]:
    """The words of a text, without case and order.

    >>> sorted(words_of("Red apples, red pears."))
    ['apples', 'pears', 'red']
    """
    return frozenset(_WORD.findall(text.casefold()))


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the words of both that both have, from 0 to 1; two texts without words are alike.

    >>> overlap(words_of("red apples"), words_of("red pears"))
    0.3333333333333333
    """
    every = one | other
    return len(one & other) / len(every) if every else 1.0
