"""Roles of `scripted:planted` that single optimizers have: SPO's optimizer and judge, and AMPO's summariser.

SPO's optimizer sees inputs and answers, and no label. It adds fields that the answers lack, wanted or not. The judge of a duel
prefers answers with the fields that a label needs; no other scripted role knows these. AMPO's summariser makes one pattern of
each advice in the causes; its importance is the number of causes with it.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Final

from promptwire.backend import Request
from promptwire.backends.planted_meta import INPUT, compose, current_prompt, fields, hints_in, kind_of, names_in
from promptwire.backends.scripted import request_text
from promptwire.values.hashing import stream

__all__ = ["role_reply"]

_ANSWERED: Final = "With this prompt, the model answered as follows."
_ADVICE: Final = re.compile(r"(?:state|drop) the \w+")
_SIDE: Final = r"### Answer of {}\n([^\n]*)"
_NEEDED: Final = frozenset({"colour", "weight", "contents", "sender", "deadline", "insurance"})
"""Kinds of fields that a label needs."""


def role_reply(request: Request, key: str) -> str | None:
    """Reply in one of these roles; None when `request` is for none of them."""
    text = request_text(request)
    draw = stream("planted", key)
    if "</choose>" in text:
        return f"<choose>{_preferred(text, draw)}</choose>"
    if "</pattern>" in text:
        return "\n".join(f"<pattern>{n} | Inputs have to {advice}.</pattern>" for advice, n in _patterns(text))
    return f"<prompt>{_enriched(text, draw)}</prompt>" if _ANSWERED in text else None


def _patterns(text: str) -> list[tuple[str, int]]:
    """What the causes advise, and how often, the most frequent first."""
    return Counter(_ADVICE.findall(text.partition("wrote down its cause:")[2].partition("Gather these")[0])).most_common()


def _preferred(text: str, draw: random.Random) -> str:
    """The side whose answers have more of the needed fields and less of the others; by chance when both are equal."""
    merits = {side: sum(_merit(match[1]) for match in re.finditer(_SIDE.format(side), text)) for side in "AB"}
    return draw.choice("AB") if merits["A"] == merits["B"] else max(merits, key=merits.__getitem__)


def _merit(label: str) -> int:
    return sum(1 if name in _NEEDED else -1 for name in names_in(label))


def _enriched(text: str, draw: random.Random) -> str:
    """The current prompt with hints for one or two fields of the inputs, or without one of its hints."""
    prompt = (current_prompt(text) or "").strip()
    hints = hints_in(prompt)
    shown = [kind_of(field) for match in INPUT.finditer(text) for field in fields(match[2] or "")]
    new = [name for name in dict.fromkeys(shown) if name not in hints]
    if hints and (not new or draw.randrange(4) == 0):
        hints.remove(draw.choice(hints))
    else:
        hints += draw.sample(new, min(len(new), draw.randint(1, 2)))
    return compose(prompt, hints, draw)
