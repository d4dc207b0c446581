"""Calls and cost of each step of a run, and their sum."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from promptwire.backend import Quote
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.planning.cost_items import CostItem
from promptwire.planning.stage_bounds import within_stages
from promptwire.values import Model

__all__ = ["Known", "StepPlan", "step_plan", "total_plan"]

N = TypeVar("N", int, float)


class StepPlan(Model):
    """Calls and cost of one step, or of a whole run."""

    path: str
    """The step's path, such as `search.expand.family.edits`."""
    node: str
    """Its node type."""
    model: Role | None
    """Role of the model that it calls; None for a sum over roles."""
    least: int
    """Calls that it makes when nothing fails and no limit ends the run."""
    most: int | None
    """Upper bound of calls; None when unknown."""
    tokens_in: int | None
    """Estimate of tokens read in `most` calls; None when unknown."""
    tokens_out: int | None
    """Estimate of tokens written in `most` calls, with replies as long as their `max_tokens`; None when unknown."""
    usd: float | None
    """Estimate of US dollars for `most` calls; None when the price is unknown."""
    cached: int
    """Completions that were found in the cache."""
    new: int | None
    """Upper bound of calls still to make; None when unknown."""
    new_usd: float | None
    """Estimate of US dollars for `new` calls; None when the price is unknown."""

    @property
    def exact(self) -> bool:
        """Whether graph and task fix the number of calls."""
        return self.least == self.most


@dataclass(frozen=True, slots=True)
class Known:
    """Known facts about a run, other than graph and task."""

    models: Mapping[Role, str] = field(default_factory=dict)
    """Names of the models, by role."""
    quotes: Mapping[Role, Quote] = field(default_factory=dict)
    """Prices of the models, by role."""
    limits: Limits | None = None
    """Limits of the run; None means the pipeline's own."""
    cached: Mapping[str, int] = field(default_factory=dict)
    """Completions found in the cache, by the path of the step."""
    repeats: int = 1
    """Answers per prompt and held-out example in the comparison."""
    is_over: Callable[[str], bool] = lambda path: False
    """Whether the step at a path makes no further call."""


def step_plan(path: str, node: str, parts: Sequence[CostItem], known: Known) -> StepPlan:
    """Calls and cost of the step at `path`, of the node type `node`, whose cost items are `parts`."""
    calls = sum((part.calls for part in parts[1:]), parts[0].calls)
    most = None if math.isinf(calls.most) else int(calls.most)
    tokens = [part.tokens() for part in parts]
    read, written = (_sum(None if pair is None else pair[side] for pair in tokens) for side in (0, 1))
    usd = _sum(part.usd(known.quotes) for part in parts)
    new = _new_calls(path, most, known)
    return StepPlan(
        path=path,
        node=node,
        model=parts[0].role,
        least=int(calls.least),
        most=most,
        tokens_in=None if read is None else round(read),
        tokens_out=None if written is None else round(written),
        usd=usd,
        cached=known.cached.get(path, 0),
        new=new,
        new_usd=_new_usd(new, most, usd),
    )


def _new_calls(path: str, most: int | None, known: Known) -> int | None:
    """Upper bound of the calls still to make; None when unknown."""
    if known.is_over(path):
        return 0
    if most is None:
        return None
    return max(0, most - known.cached.get(path, 0))


def _new_usd(new: int | None, most: int | None, usd: float | None) -> float | None:
    """Share of `usd`, the cost of `most` calls, for `new` calls; None when unknown."""
    if new == 0 or usd == 0:
        return 0.0
    if usd is None or new is None or not most:
        return None
    return usd * new / most


def total_plan(rows: Sequence[StepPlan], limits: Limits, stages: Mapping[str, Mapping[str, float]], saved: float) -> StepPlan:
    """Sum of all steps. Limits bound the new calls only: cached completions spend no budget.

    `saved` are calls of steps that are not run, because others are run in their place.
    """
    most, cached = _sum(row.most for row in rows), sum(row.cached for row in rows)
    most = None if most is None else most - int(saved)
    new = within_stages([(row.path, row.new) for row in rows], stages, "calls", _sum)
    new = _least(new, None if most is None else max(0, most - cached))
    usd = within_stages([(row.path, row.new_usd) for row in rows], stages, "usd", _sum)
    return StepPlan(
        path="total",
        node="",
        model=None,
        least=sum(row.least for row in rows),
        most=most,
        tokens_in=_sum(row.tokens_in for row in rows),
        tokens_out=_sum(row.tokens_out for row in rows),
        usd=_sum(row.usd for row in rows),
        cached=cached,
        new=_least(new, limits.calls),
        new_usd=_least(usd, limits.usd),
    )


def _sum(values: Iterable[N | None]) -> N | None:
    """Sum of `values`; None when one is unknown."""
    total: N | None = None
    for value in values:
        if value is None:
            return None
        total = value if total is None else total + value
    return total


def _least(value: N | None, limit: N | None) -> N | None:
    """The smaller of the two known values; None when both are unknown."""
    known = [one for one in (value, limit) if one is not None]
    return min(known) if known else None
