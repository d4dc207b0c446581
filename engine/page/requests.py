"""Requests of a page: what the models got and said, as far as the run folder keeps it and the page has room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from promptwire.page.values import PageReply, PageRequest
from promptwire.results.asked import Asked, ReadReply
from promptwire.results.report import REPORT
from promptwire.results.run import Run

__all__ = ["messages_of", "page_requests", "writers"]

_ROOM: Final = 6_000_000
"""Most characters of all requests and replies. Packed, they add about a fifth of it to the page."""
_FRAME: Final = 200
"""Characters of a request beside its texts."""


def page_requests(run: Run, lineage: Sequence[int]) -> dict[str, Any]:
    """Return the recorded requests of `run` in the order of the trace, and how many had no room, by step.

    The ancestors of the best prompt, at the positions `lineage`, come first, then unreadable replies and the final comparison,
    then requests by the score of the prompt that they wrote or scored. What no longer fits is left out.
    """
    asked, positions = run.recorded, {candidate.id: at for at, candidate in enumerate(run.candidates)}
    ranks = _ranks(run, frozenset(lineage))
    kept, room = set[int](), _ROOM
    for number in sorted(range(len(asked)), key=lambda number: (ranks[number], number)):
        size = _size(asked[number])
        if size <= room:
            kept.add(number)
            room -= size
    items = [_request(one, positions) for number, one in enumerate(asked) if number in kept]
    left = Counter(one.path for number, one in enumerate(asked) if number not in kept)
    return {"items": items, "recorded": len(asked), "left": dict(left)}


def writers(requests: Sequence[PageRequest]) -> dict[str, int]:
    """Return the position of the request with each reply that was not for a score, by the key of its call."""
    return {reply.key: at for at, one in enumerate(requests) if one.pair is None for reply in one.replies}


def messages_of(asked: Asked) -> tuple[Mapping[str, str], ...]:
    """Return the messages of a request. A text to complete is one message without a role."""
    if asked.messages:
        return tuple({"role": role, "content": content} for role, content in asked.messages)
    return ({"role": "", "content": asked.prompt + (f"\u2026{asked.suffix}" if asked.suffix else "")},)


def _ranks(run: Run, lineage: frozenset[int]) -> list[tuple[int, float]]:
    """Rank of each recorded request, the lowest first."""
    ancestors = {run.candidates[at].origin.request for at in lineage}
    scores = {candidate.id: candidate.score or 0.0 for candidate in run.candidates}
    written: dict[str, float] = {}
    for candidate in run.candidates:
        key = candidate.origin.request
        written[key] = max(scores[candidate.id], written.get(key, 0.0))
    found = []
    for one in run.recorded:
        if one.pair is None:
            best = max((written.get(reply.key, 0.0) for reply in one.replies), default=0.0)
            first = any(reply.key in ancestors for reply in one.replies)
        else:
            best, first = scores.get(one.pair[0], 0.0), False
        unread = one.path == REPORT or bool(one.error) or not all(reply.readable for reply in one.replies)
        found.append((0 if first else 1 if unread else 2 if one.pair is None else 3, -best))
    return found


def _size(asked: Asked) -> int:
    texts = sum(len(content) for _, content in asked.messages) + len(asked.prompt) + len(asked.suffix)
    replies = sum(len(reply.text or "") + sum(map(len, reply.answers or ())) for reply in asked.replies)
    return _FRAME + texts + replies


def _request(asked: Asked, positions: Mapping[str, int]) -> PageRequest:
    return PageRequest(
        path=asked.path,
        round=asked.round,
        element=asked.element.lstrip("/"),
        role=asked.role,
        model=asked.model,
        template=asked.template,
        settings=asked.settings,
        pair=asked.pair,
        at=None if asked.pair is None else positions.get(asked.pair[0]),
        messages=messages_of(asked),
        options=asked.options,
        replies=tuple(_reply(one) for one in asked.replies),
        error=asked.error,
    )


def _reply(reply: ReadReply) -> PageReply:
    return PageReply(reply.key, reply.text, reply.answers, reply.readable, reply.value, reply.finish)
