"""Progress of a run: what its events and its usage say at a moment.

An observer of a run, or a reader of its `events.jsonl`, gives the events to a `Progress`. `view` returns the state as a value.
It estimates nothing that is not known: time is left only where the number of calls has an upper bound.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promptwire.gateway.usage import StepUsage, Usage
from promptwire.results.leader import Leader, read_leader
from promptwire.results.report import REPORT

__all__ = ["Loop", "Progress", "Spent", "Step", "View", "Waiting"]

_WINDOW: Final = 15.0
"""Seconds over which the rate of calls is measured."""
_SETTLED: Final = 2.0
"""Seconds after which a rate is shown: before, it says little."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop at work."""

    path: str
    """Path of the loop."""
    round: int
    """Its present round, from 1."""
    of: int
    """Most rounds that it will have."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step at work."""

    path: str
    """Path of the step."""
    runs: int
    """How many elements it works on at once; 0 when only its calls show that it is at work."""
    had: int
    """Calls that have ended, over all rounds."""
    wanted: int
    """Calls that it has made, over all rounds."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What is spent of one budget."""

    name: str
    """`calls`, `tokens`, `usd` or `seconds`."""
    spent: float | None
    """What is spent; None when it is not known."""
    limit: float | None
    """The limit; None when there is none."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Requests that wait for one model."""

    model: str
    """Name of the model."""
    why: str
    """What they wait for: `retry`, `rate limit` or `opening`."""
    requests: int
    """Number of requests that wait."""
    seconds: float | None = None
    """Seconds until the first of them goes on; None when not known."""
    detail: str = ""
    """Error that the first retry is for."""


@dataclass(frozen=True, slots=True)
class View:
    """State of a run at a moment."""

    name: str
    """Pipeline and task."""
    seconds: float
    """Seconds since its start."""
    loops: tuple[Loop, ...]
    """Loops at work, outer ones first."""
    steps: tuple[Step, ...]
    """Steps at work."""
    best: Leader | None
    """The leader of the search; None before the first score."""
    total: StepUsage
    """Calls and cost so far."""
    rate: float | None
    """New calls per second in the last seconds; None at the beginning."""
    in_flight: int | None
    """Requests in flight; None when they are not known, as to a reader in another process."""
    throttled: Mapping[str, int]
    """Models whose endpoint takes fewer requests at once than allowed, with this number."""
    spent: tuple[Spent, ...]
    """Budgets that have a limit, and what tokens and dollars were spent."""
    left: float | None
    """Seconds left at most, at the present rate; None where no bound is known."""
    waiting: tuple[Waiting, ...]
    """What requests wait for."""


@dataclass(slots=True)
class _Retry:
    """One request that will be sent again."""

    model: str
    until: float
    error: str


@dataclass
class Progress:
    """Collects the events of one run."""

    clock: Callable[[], float] = time.monotonic
    """The monotonic clock."""
    usage: Usage = field(default_factory=Usage)
    """Usage of the run, by step."""
    _began: float = 0.0
    _name: str = ""
    _limits: Mapping[str, float] = field(default_factory=dict)
    _bound: int | None = None
    _running: dict[str, int] = field(default_factory=dict)
    _loops: dict[str, Loop] = field(default_factory=dict)
    _leader: Leader | None = None
    _metric: str = ""
    _retries: list[_Retry] = field(default_factory=list)
    _samples: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._samples.append((self._began, 0))

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take one event of the run. Unknown events are ignored."""
        take = getattr(self, f"_on_{event}", None)
        if take is not None:
            take(facts)

    def view(self) -> View:
        """Return the state at this moment."""
        now, total = self.clock(), self.usage.total
        rate = self._rate(now, total.new)
        counts = dict(self.usage.steps)
        steps, final = self._at_work(), counts.get(REPORT)
        # The held-out comparison is no step of the graph. The calls that it waits for show that it runs.
        if final is not None and final.had < final.wanted:
            steps[REPORT] = 0
        return View(
            name=self._name,
            seconds=now - self._began,
            loops=tuple(sorted(dict(self._loops).values(), key=lambda loop: loop.path.count("."))),
            steps=tuple(_step(path, runs, counts.get(path)) for path, runs in steps.items()),
            best=self._leader,
            total=total,
            rate=rate,
            in_flight=sum(model.in_flight for model in self.usage.models),
            throttled={model.model: model.at_once for model in self.usage.models if model.throttled},
            spent=tuple(self._spent(total, now - self._began)),
            left=self._left(rate, total.new, now - self._began),
            waiting=tuple(self._waiting(now)),
        )

    def _on_run(self, facts: Mapping[str, Any]) -> None:
        self._name, self._limits = f"{facts['pipeline']} on {facts['task']}", facts["limits"]

    def _on_approved(self, facts: Mapping[str, Any]) -> None:
        self._bound = facts["new"]

    def _on_start(self, facts: Mapping[str, Any]) -> None:
        self._running[facts["path"]] = self._running.get(facts["path"], 0) + 1

    def _on_done(self, facts: Mapping[str, Any]) -> None:
        path = facts["path"]
        self._running[path] = self._running.get(path, 1) - 1
        if self._running[path] <= 0:
            del self._running[path]
            self._loops.pop(path, None)

    _on_failed = _on_done

    def _on_loop(self, facts: Mapping[str, Any]) -> None:
        self._loops[facts["path"]] = Loop(facts["path"], 1, facts["of"])

    def _on_round(self, facts: Mapping[str, Any]) -> None:
        path, of = facts["path"], facts["of"]
        self._loops[path] = Loop(path, min(of, int(facts["round"].rpartition(".")[2]) + 2), of)

    def _on_leader(self, facts: Mapping[str, Any]) -> None:
        # A search may score with several metrics. Their means are not compared, so the first metric stays.
        self._metric = self._metric or facts["metric"]
        if facts["metric"] == self._metric:
            self._leader = read_leader(facts) or self._leader

    def _on_retry(self, facts: Mapping[str, Any]) -> None:
        now = self.clock()
        if facts["wait"] is not None:
            self._retries = [one for one in self._retries if one.until > now]
            self._retries.append(_Retry(facts["model"], now + facts["wait"], facts["error"]))

    def _at_work(self) -> dict[str, int]:
        """Steps that run, without the loops and pipelines around them."""
        running = dict(self._running)
        return {path: runs for path, runs in running.items() if not any(each.startswith(f"{path}.") for each in running)}

    def _rate(self, now: float, new: int) -> float | None:
        """New calls per second since the oldest sample, which is at most `_WINDOW` old; the present becomes a sample."""
        if now - self._samples[-1][0] >= _WINDOW / 30:
            self._samples.append((now, new))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW:
            self._samples.popleft()
        then, before = self._samples[0]
        return (new - before) / (now - then) if now - then >= _SETTLED else None

    def _left(self, rate: float | None, new: int, seconds: float) -> float | None:
        bounds = [bound for bound in (self._bound, self._limits.get("calls")) if bound is not None]
        left = [max(0.0, min(bounds) - new) / rate] if bounds and rate else []
        if "seconds" in self._limits:
            left.append(max(0.0, self._limits["seconds"] - seconds))
        return min(left, default=None)

    def _spent(self, total: StepUsage, seconds: float) -> Iterator[Spent]:
        tokens = total.tokens_in + total.tokens_out
        for name, spent in (("calls", total.new), ("tokens", tokens), ("usd", total.usd), ("seconds", seconds)):
            limit = self._limits.get(name)
            if limit is not None or (name in ("tokens", "usd") and spent != 0):
                yield Spent(name, spent, limit)

    def _waiting(self, now: float) -> Iterator[Waiting]:
        retries = [one for one in self._retries if one.until > now]
        for model in self.usage.models:
            if model.opening:
                yield Waiting(model.model, "opening", 0)
            if model.rate_limited and model.rate_limited_until > now:
                yield Waiting(model.model, "rate limit", model.rate_limited, model.rate_limited_until - now)
        for name in dict.fromkeys(one.model for one in retries):
            mine = sorted((one for one in retries if one.model == name), key=lambda one: one.until)
            yield Waiting(name, "retry", len(mine), mine[0].until - now, mine[0].error)


def _step(path: str, runs: int, count: StepUsage | None) -> Step:
    return Step(path, runs, count.had if count else 0, count.wanted if count else 0)
