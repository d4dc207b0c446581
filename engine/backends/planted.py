"""Scripted model `scripted:planted` for the task `planted`, in all roles.

It runs all shipped pipelines in seconds without a language model. It also shows whether a search uses a signal: without the
signal the search fails. The task is parcels and their labels. An input names fields of a parcel ("Parcel to Oslo: colour red;
shelf B4."); the label has some kinds of fields and not others. The task model copies the destination and the fields that the
prompt asks for ("State the colour."). So an answer is right when the prompt has the hints for all wanted fields and no others.
One answer in 24, by hash of hints and input, is wrong. The meta model is in `promptwire.backends.planted_meta`. Neither has a
list of the hints: only the labels in the data tell which hints are right. `promptwire.backends.planted_roles` has
roles that single optimizers need; SPO sees no labels, so there a judge knows which answers are better.

The backend sees by the request which role is meant. It has no state: the same request and sample number give the same reply in
every run.
"""

from __future__ import annotations

from promptwire.backend import Request
from promptwire.backends.planted_meta import HINT, INPUT, fields, kind_of, meta
from promptwire.backends.planted_roles import role_reply
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.errors import ModelError
from promptwire.values.hashing import digest

__all__ = ["planted", "reply", "written"]

_WRONG_ONE_IN = 24


def planted() -> ScriptedBackend:
    """Make the backend `scripted:planted`."""
    return ScriptedBackend(reply, name="scripted:planted", batches=True)


def reply(request: Request, key: str) -> str:
    """Reply to `request`; `key` differs by sample. Raises ModelError for a request of another task."""
    text = written(request, key)
    return _label(request_text(request)) if text is None else text


def written(request: Request, key: str) -> str | None:
    """Reply of the meta and the judge model; None for a request to the task model."""
    if request.kind not in ("generate", "infill"):
        return None
    return role_reply(request, key) or meta(request, key)


def _label(text: str) -> str:
    """Task model: the label of the last parcel in `text`."""
    parcels = list(INPUT.finditer(text))
    if not parcels:
        hint = "run it with --task planted and the shipped templates"
        raise ModelError(f"scripted:planted can't reply to this request: {text[:200]!r}", hint=hint)
    parcel = parcels[-1]
    asked = {word.lower() for word in HINT.findall(text)}
    stated = [field for field in fields(parcel[2] or "") if kind_of(field) in asked]
    if stated and int(digest([sorted(asked), parcel[0]], 8), 16) % _WRONG_ONE_IN == 0:
        stated.pop()
    return "; ".join([parcel[1], *stated])
