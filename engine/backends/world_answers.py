"""Task models of the worlds: which fields of a parcel an answer has, by hints and shots alone.

`PAIRS` and `CHAIN` hold kinds that are in the labels, because a pair or a chain has to be planted somewhere. No reply names a
kind that its request does not show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from promptwire.backends.planted_meta import HINT, INPUT, fields, kind_of
from promptwire.errors import ModelError
from promptwire.values.hashing import stream

__all__ = ["CHAIN", "PAIRS", "Answer", "Asked", "chained", "label", "noisy", "paired", "plain", "shots_or_text"]

PAIRS: Final = (("colour", "weight"), ("contents", "sender"), ("deadline", "insurance"))
"""Kinds of which one hint without the other makes answers worse."""
CHAIN: Final = tuple(kind for pair in PAIRS for kind in pair)
"""Kinds whose hint counts only with the hints of all before it."""
READ: Final = 3
"""Most kinds that are read in the text of a prompt, and in a shot."""

_SHOT = re.compile(r"Input: Parcel to \w+[^\n]*\nOutput: ([^\n]+)")
_GARBLED = 3
_NOISY = 0.35


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the task model."""

    hints: Sequence[str]
    """Kinds that the prompt asks for, in its order."""
    shots: Sequence[Sequence[str]]
    """Kinds in the output of each shot."""
    fields: Sequence[str]
    """Fields of the parcel."""
    text: str
    """The whole request."""


Answer = Callable[[Asked], Sequence[str]]
"""Gives the fields that the answer states."""


def label(text: str, answer: Answer) -> str:
    """The label that the task model writes for the last parcel in `text`. Raises ModelError for a request of another task."""
    parcels = list(INPUT.finditer(text))
    if not parcels:
        hint = "run it with the task of the same name and the shipped templates"
        raise ModelError(f"the scripted model can't reply to this request: {text[:200]!r}", hint=hint)
    hints = list(dict.fromkeys(word.lower() for word in HINT.findall(text)))
    shots = [[kind_of(field) for field in fields(output)[1:]] for output in _SHOT.findall(text)]
    stated = answer(Asked(hints, shots, fields(parcels[-1][2] or ""), text))
    return "; ".join([parcels[-1][1], *stated])


def plain(asked: Asked) -> Sequence[str]:
    """The fields that the prompt asks for."""
    return [field for field in asked.fields if kind_of(field) in asked.hints]


def paired(asked: Asked) -> Sequence[str]:
    """A hint without its partner is not followed. It makes one answer in three wrong: the first field is stated with a mark."""
    halves = [kind for pair in PAIRS for kind in pair if kind in asked.hints and not set(pair) <= set(asked.hints)]
    for half in halves:
        if not stream("half", half, asked.text.rpartition("Parcel to")[2]).randrange(_GARBLED):
            return ["(unclear)"]
    return [field for field in plain(asked) if kind_of(field) not in halves]


def chained(asked: Asked) -> Sequence[str]:
    """A kind of the chain is stated only when all kinds before it are asked for; others as usual."""
    missing = next((place for place, kind in enumerate(CHAIN) if kind not in asked.hints), len(CHAIN))
    return [field for field in plain(asked) if kind_of(field) not in CHAIN[missing:]]


def noisy(asked: Asked) -> Sequence[str]:
    """In a third of the answers each field is stated or not by chance; the chance differs by wording and parcel."""
    draw = stream("noise", asked.text)
    if draw.random() < _NOISY:
        return [field for field in asked.fields if draw.randrange(2)]
    return plain(asked)


def shots_or_text(asked: Asked) -> Sequence[str]:
    """What either text or last shot shows, but not what both show; of each, only the first kinds are read."""
    told, shown = set(asked.hints[:READ]), set(asked.shots[-1][:READ] if asked.shots else ())
    return [field for field in asked.fields if kind_of(field) in told ^ shown]
