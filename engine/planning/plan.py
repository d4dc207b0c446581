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

from collections.abc import Iterator, Mapping

from promptwire.bounds import Extent
from promptwire.gateway.budget import reserved_calls
from promptwire.graph.model_calls import RETRIES
from promptwire.graph.steps import Graph
from promptwire.node import Role
from promptwire.planning.call_bounds import BoundsByPath
from promptwire.planning.cost_items import cost_items_of, final_calls, judged, report_cost_items
from promptwire.planning.graph_walk import count_calls
from promptwire.planning.stage_bounds import StageLimit, idle_shares, stage_limits
from promptwire.planning.step_plan import Known, StepPlan, step_plan, total_plan
from promptwire.planning.token_estimate import REPLY
from promptwire.planning.warnings import BudgetNeeds, plan_warnings
from promptwire.results.report import REPORT
from promptwire.running.preflight import bind
from promptwire.tasks.task import Task
from promptwire.values import Model

__all__ = ["Plan", "make_plan"]


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


def make_plan(graph: Graph, task: Task, known: Known | None = None) -> Plan:
    """Plan running `graph` on `task`. Raises UsageError for an input that no task gives."""
    known = known or Known()
    if "dev" in graph.inputs:
        task = task.with_dev()
    inputs = {name: Extent.exactly(len(value)) for name, value in bind(graph, task).items()}
    limits = known.limits or graph.limits
    bounds_by_path = count_calls(graph, inputs, limited=limits.budgeted)
    parts = {
        path: list(cost_items_of(bounds, bounds_by_path, task))
        for path, bounds in bounds_by_path.items()
        if bounds.step.asking is not None
    }
    rows = [
        step_plan(path, bounds_by_path[path].step.type.name, found, known)
        for path, found in parts.items()
        if any(part.calls.most for part in found)
    ]
    if compared := list(report_cost_items(task, known.repeats)):
        rows.append(step_plan(REPORT, "held-out comparison", compared, known))
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
        total=total_plan(rows, limits, ends, bounds_by_path.saved),
        replay=sum(row.new == 0 for row in rows),
        call=sum(row.new != 0 for row in rows),
        limit=limits.calls,
        stages=tuple(StageLimit.model_validate({"path": path, **found}) for path, found in ends.items() if found),
        notes=(
            *task.told,
            *plan_warnings(graph, task, needs),
            *bounds_by_path.notes(),
            *idle_shares(bounds_by_path.stages, ends),
            *_notes(bounds_by_path, rows, known, task),
        ),
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
