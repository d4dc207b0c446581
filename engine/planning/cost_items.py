"""Cost items of a step: its generation, scoring and judge calls, each with length and price.

They go to different models, and a token has a different price at each.
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
from promptwire.planning.token_estimate import Length, judging, judging_pairs, scoring, writing
from promptwire.results.report import TRAIN_SHOWN
from promptwire.running.preference import VOTES
from promptwire.tasks.task import Task

__all__ = ["CostItem", "cost_items_of", "final_calls", "judged", "report_cost_items"]

_PERHAPS: Final = Extent(0, 1)


@dataclass(frozen=True, slots=True)
class CostItem:
    """Calls of one kind to the model of one role."""

    role: Role
    calls: Extent
    length: Length | None

    def tokens(self) -> tuple[float, float] | None:
        """Tokens read and written; None when unknown."""
        if not self.calls.most:
            return 0.0, 0.0
        if self.length is None or math.isinf(self.calls.most):
            return None
        return self.calls.most * self.length.read, self.calls.most * self.length.written

    def usd(self, quotes: Mapping[Role, Quote]) -> float | None:
        """Cost in US dollars; None when unknown."""
        quote, tokens = quotes.get(self.role), self.tokens()
        if (quote is not None and quote.free) or not self.calls.most:
            return 0.0
        return quote.usd(*tokens) if quote is not None and tokens is not None else None


def cost_items_of(bounds: CallBounds, bounds_by_path: Mapping[str, CallBounds], task: Task) -> Iterator[CostItem]:
    """Yield the cost items of one step."""
    asking = bounds.step.asking or ModelCallSpec(role="task")
    if bounds.asks.most:
        yield CostItem(asking.role, bounds.asks, _request_length(bounds, bounds_by_path, task))
    if bounds.scores.most:
        yield CostItem(asking.role, bounds.scores, scoring(bounds, task))
        if judged(task, asking.metric):
            yield CostItem("judge", bounds.scores * _PERHAPS, judging(task, bounds))


def _request_length(bounds: CallBounds, bounds_by_path: Mapping[str, CallBounds], task: Task) -> Length | None:
    """Length of a step's generation requests, including conversations that they continue."""
    own = writing(bounds, task)
    if not bounds.converses or own is None:
        return own
    before = [writing(other, task) for other in bounds_by_path.values() if "critiques" in other.step.type.outputs.model_fields]
    longest = max((length.read + length.written for length in before if length is not None), default=0.0)
    return Length(own.read + longest, own.written)


def report_cost_items(task: Task, repeats: int = 1) -> Iterator[CostItem]:
    """Yield the cost items of the held-out comparison, with `repeats` answers per held-out example.

    It scores one prompt instead of two when the initial prompt stays the best. Under a metric without values it scores nothing,
    unless the task has a judge of pairs.
    """
    if task.judges_pairs:
        yield CostItem("task", Extent(1, 2) * len(task.test), scoring(None, task))
        yield CostItem("judge", Extent(0, VOTES * len(task.test)), judging_pairs(task))
    if not task.load_metric().valued:
        return
    pairs = Extent(1, 2) * (repeats * len(task.test) + min(len(task.train), TRAIN_SHOWN))
    yield CostItem("task", pairs, scoring(None, task))
    if judged(task):
        yield CostItem("judge", pairs * _PERHAPS, judging(task, None))


def final_calls(task: Task, repeats: int) -> dict[Role, int]:
    """The most calls of each role that the comparison on held-out examples needs."""
    if task.judges_pairs:
        return {"task": 2 * len(task.test), "judge": VOTES * len(task.test)}
    if not task.load_metric().valued:
        return {}
    answers = 2 * len(task.test) * repeats
    return {"task": answers, "judge": answers} if judged(task) else {"task": answers}


def judged(task: Task, metric: str | None = None) -> bool:
    """Whether a judge grades the answers."""
    return task.load_metric(metric).needs == "judge"
