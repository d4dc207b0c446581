"""The prompt that leads a search: from the events of a run, or from the scored prompts of an older run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from promptwire.results.candidates import Candidate
from promptwire.security.untrusted_numbers import finite

__all__ = ["Leader", "leader_among", "leader_in", "read_leader"]


@dataclass(frozen=True, slots=True)
class Leader:
    """The prompt that leads the search so far."""

    prompt: str
    """Its text."""
    score: float
    """Its score on the examples of the search. It was selected by it, so it is too high."""
    n: int
    """Number of these examples."""


def read_leader(facts: Mapping[str, Any]) -> Leader | None:
    """Return the leader in the facts of an event `leader`; None when they do not fit.

    >>> read_leader({"prompt": "Add.", "score": 0.5, "examples": 8})
    Leader(prompt='Add.', score=0.5, n=8)
    """
    # Earlier versions named the number `n`, where other lines of the trace have their position.
    prompt, score, n = facts.get("prompt"), finite(facts.get("score")), facts.get("examples", facts.get("n"))
    return Leader(prompt, score, n) if isinstance(prompt, str) and score is not None and type(n) is int else None


def leader_in(events: Iterable[Mapping[str, Any]]) -> Leader | None:
    """Return the last leader by the first metric in `events`: means of different metrics are not compared."""
    told = [event for event in events if event.get("event") == "leader"]
    found = [read_leader(event) for event in told if event.get("metric") == told[0].get("metric")]
    return next((leader for leader in reversed(found) if leader is not None), None)


def leader_among(candidates: Iterable[Candidate]) -> Leader | None:
    """Return the candidate with the highest score in the search; None when none has a score.

    A prompt on few examples looks better than it is: only those with at least half of the most examples are compared.
    """
    scored = [(one, one.score) for one in candidates if one.score is not None]
    most = max((len(one.values) for one, _ in scored), default=0)
    best = max((pair for pair in scored if 2 * len(pair[0].values) >= most), key=lambda pair: pair[1], default=None)
    return None if best is None else Leader(best[0].text, best[1], len(best[0].values))
