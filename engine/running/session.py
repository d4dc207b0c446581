"""What the parts of one run share: the task, the models by role, the gateway, the seed and the record."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from promptwire.backend import Backend, Settings
from promptwire.errors import LimitReached
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.graph.steps import ModelCallSpec
from promptwire.node import Role
from promptwire.running.sampling import sampling
from promptwire.running.scored_prompts import ScoredPrompts
from promptwire.running.streams import Streams
from promptwire.running.truncation import Truncations
from promptwire.tasks.task import Task
from promptwire.templating.template import Template

__all__ = ["Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """One run. Everything in it outlives every step."""

    task: Task
    """The task that is being optimized for."""
    models: Mapping[Role, Backend]
    """The model of each role."""
    gateway: Gateway
    """The one way to a model."""
    trace: Trace
    """The run's record of events."""
    seed: int = 0
    """Where all random draws begin."""
    anytime: bool = True
    """Whether a budget that runs out ends loops with the best so far; else it fails the run."""
    limits_hit: list[str] = field(default_factory=list)
    """What each budget said that cut something short."""
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Tallies by (path of the step, what was counted): replies that could not be read, duplicates, ..."""

    truncations: Truncations = field(default_factory=Truncations)
    """Replies that were cut off, by path of the step."""
    unreadable_replies: dict[str, str] = field(default_factory=dict)
    """A reply that could not be read, by path of the step: of all its own the first in the alphabet, whichever came first."""

    ungraded_replies: dict[str, str] = field(default_factory=dict)
    """A judge's reply without a grade, by path of the step: the first in the alphabet."""

    streams: Streams = field(default_factory=Streams)
    """Labels of equal questions that are asked in several places."""

    lists_labels: dict[str, asyncio.Future[bool]] = field(default_factory=dict)
    """Whether a model lists the task's labels, by the model's identity; see `promptwire.running.labels`."""

    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each step was run so far, by its path and the element of the `each` around it."""

    def turn(self, path: str, element: str) -> int:
        """How often the step at `path` was run before for `element`; counts this run. Rounds run one after another."""
        self.turns[path, element] += 1
        return self.turns[path, element] - 1

    scored_prompts: ScoredPrompts = field(default_factory=ScoredPrompts)
    """The scores of the search so far."""
    notes: list[str] = field(default_factory=list)
    """What the report has to say about this run beside its numbers."""

    def note_limit(self, limit: LimitReached, round: str = "") -> None:
        """Note that `limit` cut something short, and in which step and round."""
        where = f", at {limit.where}" if limit.where else ""
        self.limits_hit.append(f"{limit.problem}{where}{f', round {round}' if where and round else ''}")

    def stream(self, round: str) -> str:
        """The draw stream of random calls in `round`: a new run seed or a new round means new samples."""
        return f"{self.seed}/{round}"

    def settings(self, asking: ModelCallSpec, template: Template, roles: Mapping[Role, Settings]) -> Settings:
        """What a step's call is sampled with: see `sampling`."""
        return sampling(asking, template, roles)

    def count(self, path: str, what: str, n: int = 1) -> None:
        """Add `n` to the tally of `what` at the step `path`."""
        if n:
            self.counts[path, what] += n

    def count_unreadable(self, path: str, reply: str) -> None:
        """Count a reply to the step `path` that could not be read, and keep one to show."""
        self.count(path, "unreadable")
        self.unreadable_replies[path] = min(reply, self.unreadable_replies.get(path, reply))

    def count_ungraded(self, path: str, reply: str) -> None:
        """Count an answer at the step `path` that the judge gave no grade, and keep one such reply to show."""
        self.count(path, "left out without a grade")
        self.ungraded_replies[path] = min(reply, self.ungraded_replies.get(path, reply))
