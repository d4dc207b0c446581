"""The planted world: a task model that planted hints make right, and a meta model that knows only what it is shown.

It rehearses every shipped pipeline in seconds without a model, and it shows whether a signal travels a graph: cut the signal
and the search fails. The task is `planted`, parcels and their labels. An input names fields of a parcel ("Parcel to Oslo:
colour red; shelf B4."); the label wants some kinds of fields and not others. As task model it copies the destination and every
field that the prompt asks for ("State the colour."), so an example comes right when the prompt holds the hints for all of its
wanted fields, and none for its unwanted ones. One answer in 24, by hash of hints and input, slips. As meta model it is a reader
(`promptwire.backends.planted_meta`). Neither holds a list of the hints: which ones are right is only in the data's labels.

One backend plays all roles and sees by the request which one is wanted. It has no state: the same request and sample number
have the same answer in every run.
"""

from __future__ import annotations

from promptwire.backend import Request
from promptwire.backends.planted_meta import HINT, INPUT, fields, meta
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.errors import ModelError
from promptwire.values.hashing import digest

__all__ = ["planted", "reply"]

_SLIP = 24


def planted() -> ScriptedBackend:
    """The model `scripted:planted`."""
    return ScriptedBackend(reply, name="scripted:planted", batches=True)


def reply(request: Request, key: str) -> str:
    """The answer to `request`; `key` differs from sample to sample. Raises ModelError for a request from another world."""
    if request.kind in ("generate", "infill"):
        written = meta(request, key)
        if written is not None:
            return written
    return _label(request_text(request))


def _label(text: str) -> str:
    """What the task model makes of the last parcel in `text`."""
    parcels = list(INPUT.finditer(text))
    if not parcels:
        hint = "run it with --task planted and the shipped templates"
        raise ModelError(f"the planted world knows no such request: {text[:200]!r}", hint=hint)
    parcel = parcels[-1]
    asked = {word.lower() for word in HINT.findall(text)}
    stated = [field for field in fields(parcel[2] or "") if field.partition(" ")[0] in asked]
    if stated and int(digest([sorted(asked), parcel[0]], 8), 16) % _SLIP == 0:
        stated.pop()
    return "; ".join([parcel[1], *stated])
