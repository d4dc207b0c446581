"""Meta models of the worlds: what becomes of a text that the meta model of `planted` wrote.

A prompt is recognized by its sentences "State the KIND.", a critique by "It has to ...". So these hold for any template.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from typing import Final

from promptwire.backends.planted_meta import INPUT, fields, kind_of
from promptwire.values.hashing import stream

__all__ = ["Change", "first_side", "forgetful", "misled", "one_step", "unchanged"]

Change = Callable[[str, str, str], str]
"""Takes the reply, the text of the request and the cache key; gives the reply of the world."""

_HINT = re.compile(r"\s*\bState the (\w+)\.")
"""A hint in a prompt; in a critique it begins with a small letter."""
_TEXTS = re.compile(r"(<START>)")
_NOTES = re.compile(r"^The (?:data|program|part of the instruction in it):\n.*?(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
"""Notes on the task, which MIPROv2 shows beside a prompt."""
_CRITIQUE = re.compile(r"It has to [^.\n]*\.")
_WANTED = re.compile(r"^(?:Expected|Label|Right answer|right answer|Output): \w+; ([^\n]*)", re.MULTILINE)
_CHOICE = re.compile(r"<choose>[AB]</choose>")
_FIRST: Final = 0.6
_LOST: Final = 0.25
_WRONG: Final = 0.75


def unchanged(reply: str, request: str, key: str) -> str:
    """The reply itself."""
    return reply


def one_step(reply: str, request: str, key: str) -> str:
    """A prompt gains at most one hint that no prompt in the request has; notes are no prompts."""
    known, draw = set(_HINT.findall(_NOTES.sub("", request))), stream("step", key)

    def kept(text: str) -> str:
        new = sorted(set(_HINT.findall(text)) - known)
        return _without(text, set(new) - set(draw.sample(new, min(1, len(new)))))

    return _each_text(reply, kept)


def forgetful(reply: str, request: str, key: str) -> str:
    """One hint in four is lost from each prompt that is written."""
    draw = stream("forget", key)
    return _HINT.sub(lambda match: "" if draw.random() < _LOST else match[0], reply)


def misled(reply: str, request: str, key: str) -> str:
    """Three critiques in four are wrong, and so are three in four of the prompts that are written from errors at once.

    Wrong advice drops what the prompt asks for and adds a kind of field that inputs have and no right answer has.
    """
    draw = stream("mislead", key)
    if _CRITIQUE.search(reply):
        return _CRITIQUE.sub(lambda match: _wrong_advice(request, draw) if draw.random() < _WRONG else match[0], reply)
    if "Given: " not in request or _CRITIQUE.search(request):
        return reply
    return _each_text(reply, lambda text: _spoilt(text, request, draw) if draw.random() < _WRONG else text)


def first_side(reply: str, request: str, key: str) -> str:
    """Six votes of ten in a duel are for the first side, whatever the answers are."""
    biased = stream("first", key).random() < _FIRST
    return _CHOICE.sub("<choose>A</choose>", reply) if biased else reply


def _each_text(reply: str, change: Callable[[str], str]) -> str:
    """`reply` with each of its prompts changed."""
    return "".join(map(change, _TEXTS.split(reply)))


def _without(text: str, hints: Iterable[str]) -> str:
    dropped = set(hints)
    return _HINT.sub(lambda match: "" if match[1] in dropped else match[0], text)


def _wrong_advice(request: str, draw: random.Random) -> str:
    added, dropped = _wrong(request, draw)
    told = [f"state the {kind}" for kind in added] + [f"drop the {kind}" for kind in dropped]
    return f"It has to {', '.join(told)}." if told else "It could be clearer."


def _spoilt(text: str, request: str, draw: random.Random) -> str:
    added, dropped = _wrong(request, draw)
    new = set(_HINT.findall(text)) - set(_HINT.findall(request))
    hint = "".join(f" State the {kind}." for kind in added)
    found = list(_HINT.finditer(text))
    if not found:
        return text
    put = _without(text, {*new, *dropped})
    place = max((match.end() for match in _HINT.finditer(put)), default=min(found[0].start(), len(put)))
    return put[:place] + hint + put[place:]


def _wrong(request: str, draw: random.Random) -> tuple[list[str], list[str]]:
    """A kind to add wrongly and a kind to drop wrongly, each at most one, from what the request shows."""
    held = list(dict.fromkeys(_HINT.findall(request)))
    wanted = {kind_of(field) for label in _WANTED.findall(request) for field in fields(label)}
    there = dict.fromkeys(kind_of(field) for match in INPUT.finditer(request) for field in fields(match[2] or ""))
    surplus = [kind for kind in there if kind not in wanted and kind not in held]
    useful = [kind for kind in held if kind in wanted] or held
    return draw.sample(surplus, min(1, len(surplus))), draw.sample(useful, min(1, len(useful)))
