"""The calls of a step by their sort, each with its length and price: what it asks, what it scores, what a judge is asked.

The sorts go to different models, whose tokens have different prices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from promptwire.backend import Quote
from promptwire.bounds import Extent
from promptwire.graph.steps import ModelCallSpec
from promptwire.node import Role
from promptwire.planning.call_bounds import CallBounds
from promptwire.planning.token_estimate import Length, judging, scoring, writing
from promptwire.results.report import TRAIN_SHOWN
from promptwire.tasks.task import Task

__all__ = ["CostItem", "cost_items_of", "judged", "report_cost_items"]

_PERHAPS: Final = Extent(0, 1)


@dataclass(frozen=True, slots=True)
class CostItem:
    """Calls of one sort."""

    role: Role
    calls: Extent
    length: Length | None

    def tokens(self) -> tuple[float, float] | None:
        """Tokens read and written; None when they are not known."""
        if not self.calls.most:
            return 0.0, 0.0
        if self.length is None or math.isinf(self.calls.most):
            return None
        return self.calls.most * self.length.read, self.calls.most * self.length.written

    def usd(self, quotes: Mapping[Role, Quote]) -> float | None:
        """What they cost; None when that is not known."""
        quote, tokens = quotes.get(self.role), self.tokens()
        if (quote is not None and quote.free) or not self.calls.most:
            return 0.0
        return quote.usd(*tokens) if quote is not None and tokens is not None else None


def cost_items_of(count: CallBounds, counts: Mapping[str, CallBounds], task: Task) -> Iterator[CostItem]:
    """The calls of one step."""
    asking = count.step.asking or ModelCallSpec(role="task")
    if count.asks.most:
        yield CostItem(asking.role, count.asks, _spoken(count, counts, task))
    if count.scores.most:
        yield CostItem(asking.role, count.scores, scoring(count, task))
        if judged(task, asking.metric):
            yield CostItem("judge", count.scores * _PERHAPS, judging(task, count))


def _spoken(count: CallBounds, counts: Mapping[str, CallBounds], task: Task) -> Length | None:
    """The length of a step's own requests, with the conversations that they go on with."""
    own = writing(count, task)
    if not count.converses or own is None:
        return own
    before = [writing(other, task) for other in counts.values() if "critiques" in other.step.type.outputs.model_fields]
    longest = max((length.read + length.written for length in before if length is not None), default=0.0)
    return Length(own.read + longest, own.written)


def report_cost_items(task: Task) -> Iterator[CostItem]:
    """The held-out comparison; one prompt instead of two when the initial one stays the best."""
    pairs = Extent(1, 2) * (len(task.test) + min(len(task.train), TRAIN_SHOWN))
    yield CostItem("task", pairs, scoring(None, task))
    if judged(task):
        yield CostItem("judge", pairs * _PERHAPS, judging(task, None))


def judged(task: Task, metric: str | None = None) -> bool:
    """Whether a judge scores the answers."""
    return task.load_metric(metric).needs == "judge"
