"""Steps, rounds and costs of a run, read from its events and calls."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from promptwire.results.lenient import as_int, as_text
from promptwire.security.untrusted_numbers import finite, price, token_count
from promptwire.values.rounds import from_one

__all__ = ["Counter", "Round", "Spent", "StepRun", "read_rounds", "read_steps"]

Outcome = Literal["done", "failed", "running", "not run"]


@dataclass(frozen=True, slots=True)
class StepRun:
    """One run of a step: in one round, for one element of the `each` around it."""

    path: str
    """Path of the step."""
    round: str
    """Rounds of the loops around it, such as `2` or `2.1`, counted from 1; empty outside loops."""
    element: str
    """Number of the element, such as `/3`, counted from 1; empty outside `each`."""
    began: float
    """Seconds since the start of the run."""
    seconds: float | None
    """Duration; None while it runs, and when the run ended within it."""
    outcome: Outcome
    """`running` also stands for a step that did not end before its run did."""
    error: str = ""
    """Error of a failed step."""
    first: int = 0
    """Position of its start among all lines of the trace."""
    last: int | None = None
    """Position of its end; None when it has none."""


@dataclass(frozen=True, slots=True)
class Round:
    """A complete round of a loop."""

    path: str
    """Path of the loop."""
    round: str
    """Its number, after those of the loops around, such as `2` or `1.2`, counted from 1."""
    of: int
    """Most rounds of the loop."""
    t: float
    """Seconds since the start of the run when it was complete."""
    line: int
    """Position of its end among all lines of the trace."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run had spent at one position of its trace."""

    calls: int
    """Completions used, new or cached."""
    new: int
    """Those of them that a model made in this run."""
    tokens: int | None
    """Tokens read and written by new calls; None when an earlier version did not record them."""
    usd: float | None
    """Price of the new calls; None when it is unknown."""


class Counter:
    """Answers what a run had spent before any line of its trace."""

    def __init__(self, calls: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]) -> None:
        """Take the lines of calls.jsonl and of events.jsonl."""
        self._calls, self._new = [], [0]
        for call in calls:
            self._calls.append(_position(call))
            self._new.append(self._new[-1] + (call.get("new") is True))
        requests = [event for event in events if event.get("event") in ("request", "charged")]
        self._requests = [_position(event) for event in requests]
        self._tokens, self._usd = _sums(requests)

    def before(self, line: int) -> Spent:
        """Return what was spent before this position in the trace; see `Candidate.line`."""
        calls, requests = bisect_left(self._calls, line), bisect_left(self._requests, line)
        tokens = None if self._tokens is None else self._tokens[requests]
        usd = None if self._usd is None else self._usd[requests]
        return Spent(calls, self._new[calls], tokens, usd)


def _sums(requests: Sequence[Mapping[str, Any]]) -> tuple[list[int] | None, list[float] | None]:
    """Tokens and dollars before each request and after the last; None when a request does not tell them."""
    tokens, usd = [0], [0.0]
    for event in requests:
        tokens.append(tokens[-1] + sum(token_count(event.get(name)) for name in ("tokens_in", "tokens_out", "tokens")))
        usd.append(usd[-1] + (price(event.get("usd")) or 0.0))
    counted = all("tokens_in" in event or "tokens" in event for event in requests)
    priced = all(price(event.get("usd")) is not None for event in requests)
    return tokens if counted else None, usd if priced else None


def read_steps(events: Iterable[Mapping[str, Any]]) -> tuple[StepRun, ...]:
    """Return the runs of steps in the order in which they began."""
    found: dict[tuple[str, str, str], StepRun] = {}
    for event in events:
        what, path = event.get("event"), str(event.get("path", ""))
        key = (path, from_one(as_text(event.get("round"))), from_one(as_text(event.get("element"))))
        if what == "start":
            found[key] = StepRun(*key, _seconds(event), None, "running", first=_position(event))
        elif what == "skipped":
            found[key] = StepRun(*key, _seconds(event), 0.0, "not run", first=_position(event), last=_position(event))
        elif what in ("done", "failed") and key in found:
            start = found[key]
            seconds = finite(event.get("seconds"))
            if seconds is None:
                seconds = _seconds(event) - start.began
            error = str(event.get("error", "")) if what == "failed" else ""
            outcome: Outcome = "failed" if what == "failed" else "done"
            found[key] = StepRun(*key, start.began, seconds, outcome, error, start.first, _position(event))
    return tuple(found.values())


def read_rounds(events: Iterable[Mapping[str, Any]]) -> tuple[Round, ...]:
    """Return the complete rounds of all loops, in the order in which they ended."""
    return tuple(_round(event) for event in events if event.get("event") == "round")


def _round(event: Mapping[str, Any]) -> Round:
    path, number = as_text(event.get("path")), from_one(as_text(event.get("round")))
    return Round(path, number, as_int(event.get("of")), _seconds(event), _position(event))


def _seconds(event: Mapping[str, Any]) -> float:
    return finite(event.get("t")) or 0.0


def _position(event: Mapping[str, Any]) -> int:
    return as_int(event.get("n"))
