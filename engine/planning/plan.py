"""Plan of a run: upper bounds of calls and estimates of cost, step by step.

A call is one completion, as in a run's report. The number of calls is exact where graph and task fix it. Elsewhere it depends
on replies: texts may be equal or unreadable, and a loop may end early. Then the number is an upper bound, and is named so.
Failed calls and limits make a run smaller, never larger. Tokens and dollars are for that bound, with estimated lengths (see
`token_estimate`).

Each plan has two numbers: the calls with an empty cache, and the calls still to make with the present cache (see `dry_run`).
Each cached completion that was found is one that the whole run needs. The second number is thus the upper bound minus the
completions found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from promptwire.backend import Quote
from promptwire.bounds import Extent
from promptwire.gateway.budget import reserved_calls
from promptwire.graph.steps import Graph
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.planning.call_bounds import BoundsByPath
from promptwire.planning.cost_items import CostItem, cost_items_of, final_calls, judged, report_cost_items
from promptwire.planning.graph_walk import count_calls
from promptwire.planning.stage_bounds import StageLimit, idle_shares, stage_limits, within_stages
from promptwire.planning.token_estimate import REPLY
from promptwire.planning.warnings import BudgetNeeds, plan_warnings
from promptwire.results.report import REPORT
from promptwire.running.generation import RETRIES
from promptwire.running.preflight import bind
from promptwire.tasks.task import Task
from promptwire.values import Model

__all__ = ["Known", "Plan", "StepPlan", "make_plan"]

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


class Plan(Model):
    """Calls and cost of a run."""

    pipeline: str
    """Name of the pipeline."""
    task: str
    """Name of the task."""
    models: Mapping[Role, str]
    """Model of each role that the run calls."""
    prices: Mapping[str, str]
    """Source of each model's price, or the reason why it is unknown."""
    hosted: bool
    """Whether a provider may charge for any call."""
    steps: tuple[StepPlan, ...]
    """Steps that call a model, in an order in which they could run. The last is the held-out comparison, if there is one."""
    total: StepPlan
    """Sum of all steps."""
    replay: int
    """Number of steps with no new call."""
    call: int
    """Number of steps with new calls, or possibly with new calls."""
    limit: int | None
    """Limit of new calls; None when there is none."""
    stages: tuple[StageLimit, ...] = ()
    """Limits of the stages. A share is of the run's limit, the most that can be left."""
    chain: int = 0
    """The most steps that wait for one another's calls, the comparison included; 0 when it was not looked for."""
    chain_text: str = ""
    """That chain in words, such as `first → 6 × (ideas → scores) → report`."""
    notes: tuple[str, ...]
    """Warnings about the run, and reasons why numbers are uncertain."""

    def noting(self, note: str) -> Plan:
        """This plan with one more note."""
        return self.model_copy(update={"notes": (*self.notes, note)})


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


def make_plan(graph: Graph, task: Task, known: Known | None = None) -> Plan:
    """Plan running `graph` on `task`. Raises UsageError for an input that no task gives."""
    known = known or Known()
    if "dev" in graph.inputs:
        task = task.with_dev()
    inputs = {name: Extent.exactly(len(value)) for name, value in bind(graph, task).items()}
    limits = known.limits or graph.limits
    limited = any(limit is not None for limit in (limits.calls, limits.tokens, limits.usd, limits.seconds))
    bounds_by_path = count_calls(graph, inputs, limited=limited)
    parts = {
        path: list(cost_items_of(bounds, bounds_by_path, task))
        for path, bounds in bounds_by_path.items()
        if bounds.step.asking is not None
    }
    rows = [
        _row(path, bounds_by_path[path].step.type.name, found, known)
        for path, found in parts.items()
        if any(part.calls.most for part in found)
    ]
    if compared := list(report_cost_items(task, known.repeats)):
        rows.append(_row(REPORT, "held-out comparison", compared, known))
    roles = _called_roles(rows, known, task)
    held = sum(final_calls(task, known.repeats).values())
    kept = 0 if limits.calls is None else reserved_calls(limits.calls, held)
    ends = stage_limits(bounds_by_path.stages, limits, kept)
    needs = BudgetNeeds(limits, known.quotes, inputs, sum(known.cached.values()), known.repeats)
    return Plan(
        pipeline=graph.name,
        task=task.name,
        models={role: known.models[role] for role in roles},
        prices={known.models[role]: known.quotes[role].source for role in roles if role in known.quotes},
        hosted=any(known.quotes[role].hosted for role in roles if role in known.quotes),
        steps=tuple(rows),
        total=_total(rows, limits, ends, bounds_by_path.saved),
        replay=sum(row.new == 0 for row in rows),
        call=sum(row.new != 0 for row in rows),
        limit=limits.calls,
        stages=tuple(StageLimit.model_validate({"path": path, **found}) for path, found in ends.items() if found),
        notes=(
            *plan_warnings(graph, task, needs),
            *idle_shares(bounds_by_path.stages, ends),
            *_notes(bounds_by_path, rows, known, task),
        ),
    )


def _row(path: str, node: str, parts: list[CostItem], known: Known) -> StepPlan:
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


def _total(rows: list[StepPlan], limits: Limits, stages: Mapping[str, Mapping[str, float]], saved: float) -> StepPlan:
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


def _called_roles(rows: list[StepPlan], known: Known, task: Task) -> list[Role]:
    """Roles that the run calls, in the order of the known models."""
    called = {row.model for row in rows}
    if judged(task) or task.judges_pairs:
        called.add("judge")
    return [role for role in known.models if role in called]


def _notes(bounds_by_path: BoundsByPath, rows: list[StepPlan], known: Known, task: Task) -> Iterator[str]:
    for path, bounds in bounds_by_path.items():
        if not bounds.known:
            yield f"{path}: {bounds.step.type.name} has no bound, so its number of calls is unknown"
    if bounds_by_path.saved:
        yield "of steps that exclude each other by `when` and `unless`, the total counts the dearer one"
    metrics = {
        bounds.step.asking.metric for bounds in bounds_by_path.values() if bounds.scores.most and bounds.step.asking is not None
    }
    if any(judged(task, metric) for metric in {None, *metrics}):
        yield f"a judge that gives no grade is called again, up to {RETRIES} times per answer: these calls are not counted here"
    for row in rows:
        if row.most and row.tokens_in is None:
            yield f"{row.path}: the length of its requests is unknown"
    if any(quote.read for quote in known.quotes.values()):
        yield f"a reply without max_tokens is estimated at {REPLY} tokens; hidden reasoning is not counted"


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
