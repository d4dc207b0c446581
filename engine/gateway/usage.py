"""Usage: calls, tokens and dollars, counted by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from promptwire.backend import WITHOUT, Charge, Completion
from promptwire.gateway.activity import Activity

__all__ = ["StepUsage", "Usage"]


@dataclass(slots=True)
class StepUsage:
    """Calls and cost of one step, or of all."""

    wanted: int = 0
    """Calls that the step has made, finished or not."""
    requests: int = 0
    """Requests sent, including failed tries; one request may bring several completions."""
    new: int = 0
    """Completions that a model returned."""
    cached: int = 0
    """Completions that were cached, or in flight for another step."""
    failed: int = 0
    """Calls that brought no completion, after all tries."""
    tokens_in: int = 0
    """Tokens read, as far as endpoints report them."""
    tokens_out: int = 0
    """Tokens written, as far as endpoints report them."""
    priced: float = 0.0
    """US dollars for new completions and for replies without one, as far as prices are known."""
    unpriced: int = 0
    """New completions, and replies without one, whose price is not known."""

    @property
    def usd(self) -> float | None:
        """US dollars spent; None when the price of any new completion is not known."""
        return None if self.unpriced else self.priced

    @property
    def had(self) -> int:
        """Calls that have ended."""
        return self.new + self.cached + self.failed

    def book(self, completion: Completion) -> None:
        """Count a new completion."""
        self.new += 1
        self.tokens_in += completion.tokens_in
        self.tokens_out += completion.tokens_out
        self.priced += completion.usd or 0.0
        self.unpriced += completion.usd is None

    def charge(self, cost: Charge) -> None:
        """Count what a reply cost that brought no completion."""
        self.tokens_in += cost.tokens_in
        self.tokens_out += cost.tokens_out
        self.priced += cost.usd or 0.0
        self.unpriced += cost.usd is None

    def add(self, other: StepUsage) -> None:
        """Add the counts of `other`."""
        self.wanted += other.wanted
        self.requests += other.requests
        self.new += other.new
        self.cached += other.cached
        self.failed += other.failed
        self.tokens_in += other.tokens_in
        self.tokens_out += other.tokens_out
        self.priced += other.priced
        self.unpriced += other.unpriced


@dataclass(slots=True)
class Usage:
    """Usage by the path of the step."""

    steps: dict[str, StepUsage] = field(default_factory=dict)
    """The counts, in the order of each step's first call."""
    roles: Counter[str] = field(default_factory=Counter)
    """Completions given to steps, new or cached, by role."""
    refused: dict[str, set[str]] = field(default_factory=dict)
    """Parameters that each model refused and was called without, by the model's name. Includes cached completions."""
    models: list[Activity] = field(default_factory=list)
    """Present state of each model, in the order of their first request."""

    def of(self, path: str) -> StepUsage:
        """The counts of the step at `path`, zero at first."""
        found = self.steps.get(path)
        return self.steps.setdefault(path, StepUsage()) if found is None else found

    def add_refused(self, model: str, completions: Sequence[Completion]) -> str:
        """Add the parameters that `completions` were made without. Returns those that are new for the model."""
        if not any(one.via for one in completions):
            return ""
        said = {
            part for one in completions if one.via.startswith(WITHOUT) for part in one.via.removeprefix(WITHOUT).split("; ")
        }
        fresh = said - self.refused.get(model, set())
        if fresh:
            self.refused.setdefault(model, set()).update(fresh)
        return "; ".join(sorted(fresh))

    @property
    def total(self) -> StepUsage:
        """The sum over all steps."""
        total = StepUsage()
        for count in list(self.steps.values()):  # a display reads it from another thread
            total.add(count)
        return total
