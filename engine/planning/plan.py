"""What a run asks at most, step by step, and what that costs, before anything is spent.

A call is one answer, as in a run's report. A number of calls is exact where graph and task fix it. Where replies decide - texts
may be equal or unreadable, a loop may end early - it is what can't be exceeded, and is called so. Failed calls and limits make
a run smaller, never larger. Tokens and dollars are those of the most calls, with lengths that are rough (see `lengths`).

Two numbers stand side by side: what a run would ask with an empty cache, and what it still has to ask with what is known to be
in the present one (see `foresight`). Every answer that was found there is one of those that the whole run needs, so the rest
is the most less what was found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from promptwire.backend import Quote
from promptwire.bounds import Extent
from promptwire.graph.steps import Graph
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.planning.call_bounds import CallBounds
from promptwire.planning.cost_items import CostItem, cost_items_of, judged, report_cost_items
from promptwire.planning.graph_walk import count_calls
from promptwire.planning.token_estimate import REPLY
from promptwire.results.report import REPORT
from promptwire.running.generation import RETRIES
from promptwire.running.preflight import bind
from promptwire.tasks.task import Task
from promptwire.values import Model

__all__ = ["Known", "Plan", "StepPlan", "make_plan"]

N = TypeVar("N", int, float)


class StepPlan(Model):
    """What one step, or a whole run, asks."""

    path: str
    """The step's path, such as `search.expand.family.edits`."""
    node: str
    """Its node type."""
    model: Role | None
    """The role that it asks; None for a sum over roles."""
    least: int
    """Calls that it makes when nothing fails and no limit ends the run."""
    most: int | None
    """Upper bound of calls; None when it is not known."""
    tokens_in: int | None
    """Estimate of tokens read in `most` calls; None when it is not known."""
    tokens_out: int | None
    """Tokens written in `most` calls, about: replies as long as their `max_tokens`."""
    usd: float | None
    """US dollars for `most` calls, about; None when the price is not known."""
    cached: int
    """Answers that are known to be in the cache."""
    new: int | None
    """Upper bound of calls still to make; None when it is not known."""
    new_usd: float | None
    """US dollars for `new` calls, about; None when the price is not known."""

    @property
    def exact(self) -> bool:
        """Whether graph and task fix the number."""
        return self.least == self.most


class Plan(Model):
    """What a run asks."""

    pipeline: str
    """Name of the pipeline."""
    task: str
    """Name of the task."""
    models: Mapping[Role, str]
    """Model of each role that is asked."""
    prices: Mapping[str, str]
    """Where the price of each model is known from, or why it is not."""
    hosted: bool
    """Whether a provider may charge for any of it."""
    steps: tuple[StepPlan, ...]
    """The steps that ask a model, in the order in which they could run; the report's held-out comparison is the last."""
    total: StepPlan
    """All of them."""
    replay: int
    """Steps whose every answer is in the cache."""
    call: int
    """Steps that have something to ask, or may have."""
    limit: int | None
    """Calls after which the run's limits end it."""
    notes: tuple[str, ...]
    """What makes numbers uncertain."""

    def noting(self, note: str) -> Plan:
        """This plan with one more note."""
        return self.model_copy(update={"notes": (*self.notes, note)})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside graph and task."""

    models: Mapping[Role, str] = field(default_factory=dict)
    """Names of the models by role."""
    quotes: Mapping[Role, Quote] = field(default_factory=dict)
    """Their prices."""
    limits: Limits | None = None
    """What the run may spend; the pipeline's own limits when left out."""
    cached: Mapping[str, int] = field(default_factory=dict)
    """Answers found in the cache, by the path of the step."""
    is_over: Callable[[str], bool] = lambda path: False
    """Whether the step at a path will ask nothing more."""


def make_plan(graph: Graph, task: Task, known: Known | None = None) -> Plan:
    """What running `graph` on `task` asks at most. Raises UsageError for an input that no task gives."""
    known = known or Known()
    if "dev" in graph.inputs:
        task = task.with_dev()
    inputs = {name: Extent.exactly(len(value)) for name, value in bind(graph, task).items()}
    limits = known.limits or graph.limits
    limited = any(limit is not None for limit in (limits.calls, limits.tokens, limits.usd, limits.seconds))
    counts = count_calls(graph, inputs, limited=limited)
    parts = {path: list(cost_items_of(count, counts, task)) for path, count in counts.items() if count.step.asking is not None}
    rows = [
        _row(path, counts[path].step.type.name, found, known)
        for path, found in parts.items()
        if any(part.calls.most for part in found)
    ]
    rows.append(_row(REPORT, "held-out comparison", list(report_cost_items(task)), known))
    return _whole(graph, task, rows, known).model_copy(
        update={"notes": tuple(_notes(counts, rows, known, task)), "limit": limits.calls}
    )


def _row(path: str, node: str, parts: list[CostItem], known: Known) -> StepPlan:
    calls = sum((part.calls for part in parts[1:]), parts[0].calls)
    most = None if math.isinf(calls.most) else int(calls.most)
    tokens = [part.tokens() for part in parts]
    read, written = (_sum(None if pair is None else pair[side] for pair in tokens) for side in (0, 1))
    usd = _sum(part.usd(known.quotes) for part in parts)
    cached = known.cached.get(path, 0)
    new = 0 if known.is_over(path) else None if most is None else max(0, most - cached)
    return StepPlan(
        path=path,
        node=node,
        model=parts[0].role,
        least=int(calls.least),
        most=most,
        tokens_in=None if read is None else round(read),
        tokens_out=None if written is None else round(written),
        usd=usd,
        cached=cached,
        new=new,
        new_usd=0.0 if new == 0 or usd == 0 else usd * new / most if usd is not None and new is not None and most else None,
    )


def _whole(graph: Graph, task: Task, rows: list[StepPlan], known: Known) -> Plan:
    """The plan of these steps. Limits bound what is new: answers from the cache are nothing that was spent."""
    limits = known.limits or graph.limits
    new, usd = _sum(row.new for row in rows), _sum(row.new_usd for row in rows)
    total = StepPlan(
        path="total",
        node="",
        model=None,
        least=sum(row.least for row in rows),
        most=_sum(row.most for row in rows),
        tokens_in=_sum(row.tokens_in for row in rows),
        tokens_out=_sum(row.tokens_out for row in rows),
        usd=_sum(row.usd for row in rows),
        cached=sum(row.cached for row in rows),
        new=_least(new, limits.calls),
        new_usd=_least(usd, limits.usd),
    )
    asked = {part for part in (row.model for row in rows) if part} | (
        {"judge"} & known.models.keys() if judged(task) else set()
    )
    roles: list[Role] = [role for role in known.models if role in asked]
    return Plan(
        pipeline=graph.name,
        task=task.name,
        models={role: known.models[role] for role in roles},
        prices={known.models[role]: known.quotes[role].source for role in roles if role in known.quotes},
        hosted=any(known.quotes[role].hosted for role in roles if role in known.quotes),
        steps=tuple(rows),
        total=total,
        replay=sum(row.new == 0 for row in rows),
        call=sum(row.new != 0 for row in rows),
        limit=None,
        notes=(),
    )


def _notes(counts: Mapping[str, CallBounds], rows: list[StepPlan], known: Known, task: Task) -> Iterator[str]:
    for path, count in counts.items():
        if not count.known:
            yield f"{path}: {count.step.type.name} does not say what it asks"
    metrics = {count.step.asking.metric for count in counts.values() if count.scores.most and count.step.asking is not None}
    if any(judged(task, metric) for metric in {None, *metrics}):
        yield f"a judge that gives no grade is asked again, up to {RETRIES} times for an answer: not counted here"
    for row in rows:
        if row.most and row.tokens_in is None:
            yield f"{row.path}: the length of its requests is not known"
    if any(quote.read for quote in known.quotes.values()):
        yield f"a reply that no max_tokens bounds is taken to have {REPLY} tokens; what a model thinks unseen is not counted"


def _sum(values: Iterable[N | None]) -> N | None:
    """The sum; None when one of them is not known."""
    total: N | None = None
    for value in values:
        if value is None:
            return None
        total = value if total is None else total + value
    return total


def _least(value: N | None, limit: N | None) -> N | None:
    known = [one for one in (value, limit) if one is not None]
    return min(known) if known else None
