"""What was asked and what it cost, counted by the step that asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from promptwire.backend import WITHOUT, Charge, Completion

__all__ = ["StepUsage", "Usage"]


@dataclass(slots=True)
class StepUsage:
    """The calls of one step, or of all."""

    wanted: int = 0
    """Answers that the step is waiting for or has had."""
    requests: int = 0
    """Requests sent, tries that failed included; one may bring several answers."""
    new: int = 0
    """Answers got from a model."""
    cached: int = 0
    """Answers that were there already, or were on their way for somebody else."""
    failed: int = 0
    """Calls that brought no answer, after all tries."""
    tokens_in: int = 0
    """Tokens read, as far as the endpoints say."""
    tokens_out: int = 0
    """Tokens written, as far as the endpoints say."""
    priced: float = 0.0
    """US dollars paid for the new answers, and for replies without one, as far as prices are known."""
    unpriced: int = 0
    """New answers, and replies without one, whose price is not known."""

    @property
    def usd(self) -> float | None:
        """US dollars paid; None when the price of any new answer is not known."""
        return None if self.unpriced else self.priced

    @property
    def had(self) -> int:
        """Answers wanted whose fate is known."""
        return self.new + self.cached + self.failed

    def book(self, answer: Completion) -> None:
        """Count a new answer."""
        self.new += 1
        self.tokens_in += answer.tokens_in
        self.tokens_out += answer.tokens_out
        self.priced += answer.usd or 0.0
        self.unpriced += answer.usd is None

    def charge(self, cost: Charge) -> None:
        """Count what a reply cost that brought no answer."""
        self.tokens_in += cost.tokens_in
        self.tokens_out += cost.tokens_out
        self.priced += cost.usd or 0.0
        self.unpriced += cost.usd is None

    def add(self, other: StepUsage) -> None:
        """Count what `other` counted."""
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
    """Counts by the path of the step."""

    steps: dict[str, StepUsage] = field(default_factory=dict)
    """The counts, in the order in which steps first asked."""
    refused: dict[str, set[str]] = field(default_factory=dict)
    """What each model refuses and answered without, by the model's name; of cached answers too."""

    def of(self, path: str) -> StepUsage:
        """The count of the step at `path`, which starts at nothing."""
        return self.steps.setdefault(path, StepUsage())

    def heed(self, model: str, answers: Iterable[Completion]) -> str:
        """Note what `answers` were got without, and give what was not known of that model."""
        said = {part for one in answers if one.via.startswith(WITHOUT) for part in one.via.removeprefix(WITHOUT).split("; ")}
        fresh = said - self.refused.get(model, set())
        if fresh:
            self.refused.setdefault(model, set()).update(fresh)
        return "; ".join(sorted(fresh))

    @property
    def total(self) -> StepUsage:
        """All steps together."""
        total = StepUsage()
        for count in self.steps.values():
            total.add(count)
        return total
