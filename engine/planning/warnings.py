"""Warnings about a run before anything is spent: what its examples can't show, and what its budget does not cover."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from promptwire.backend import Quote
from promptwire.bounds import Extent
from promptwire.gateway.budget import reserved_calls
from promptwire.graph.steps import Graph, ModelCallSpec, RepeatStep
from promptwire.limits import Limits
from promptwire.metrics.metric import Metric
from promptwire.node import Role
from promptwire.planning.cost_items import CostItem, cost_items_of, final_calls, report_cost_items
from promptwire.planning.graph_walk import count_calls
from promptwire.running.answer_rows import task_labels
from promptwire.running.sampling import sampling
from promptwire.stats.clustered import FEWEST_GROUPS
from promptwire.stats.power import examples_needed, smallest_gain
from promptwire.stats.set_power import set_examples_needed, smallest_set_gain
from promptwire.stats.set_statistics import statistic_of
from promptwire.tasks.splits import group_of
from promptwire.tasks.task import Task
from promptwire.values import Example
from promptwire.values.notes import read_note, warning

__all__ = ["BudgetNeeds", "held_out_warnings", "plan_warnings"]

_WANTED: Final = 0.05
"""Gain that the held-out examples should be able to show, as a share of the metric's scale."""
_TOLD_APART: Final = 0.2
"""Difference of two prompts that the examples of the search should be able to show, as such a share."""


@dataclass(frozen=True, slots=True)
class BudgetNeeds:
    """What bears on whether a budget is large enough."""

    limits: Limits
    """Limits of the run."""
    quotes: Mapping[Role, Quote]
    """Prices of the models, by role."""
    inputs: Mapping[str, Extent]
    """Sizes of the pipeline's inputs."""
    cached: int
    """Completions found in the cache."""
    repeats: int
    """Answers per prompt and held-out example."""


@dataclass(frozen=True, slots=True)
class _Power:
    """What some examples can show of a metric."""

    smallest: float | None
    """The smallest gain; None when they can't show any."""
    needed: Callable[[float], int]
    """Examples that a gain takes."""
    width: float
    """Highest less lowest score."""
    of: str
    """Words for the metric, when it is not the share of right answers."""


def plan_warnings(graph: Graph, task: Task, needs: BudgetNeeds) -> Iterator[str]:
    """Yield what a user should know before running `graph` on `task`."""
    yield from (note for note in task.notes if read_note(note).severity == "warning")
    metric = task.load_metric()
    if metric.scale == (0.0, 1.0):
        yield from held_out_warnings(task, metric)
        yield from _selection(graph, task, metric)
    yield from _repeats(graph, task, needs.repeats)
    yield from _budgets(graph, task, needs)


def _power(task: Task, metric: Metric, examples: Sequence[Example]) -> _Power:
    statistic = statistic_of(metric.name)
    if statistic is None or metric.truth is None:
        return _Power(smallest_gain(len(examples)), examples_needed, 1.0, "")
    labels = task_labels(task, metric)
    truths = [metric.truth("", example, labels) for example in examples]
    needed = partial(set_examples_needed, metric.name, truths)
    return _Power(smallest_set_gain(metric.name, truths), needed, statistic.scale[1] - statistic.scale[0], f" in {metric.name}")


def held_out_warnings(task: Task, metric: Metric) -> Iterator[str]:
    """Warn when the held-out examples can't show a small gain."""
    grouped = ""
    if task.group is not None:
        groups = len({group_of(example, task.group) for example in task.test.items})
        if groups < FEWEST_GROUPS:
            yield warning(f"{groups} groups of held-out examples: a test of the gain needs at least {FEWEST_GROUPS}")
            return
        grouped = f", and more where the examples of a group are alike ({groups} groups)"
    n, power = len(task.test), _power(task, metric, task.test.items)
    wanted = _WANTED * power.width
    if power.smallest is not None and power.smallest <= wanted:
        return
    shown = "can't show any gain" if power.smallest is None else f"show a gain of {power.smallest:.2f} or more"
    takes = f"a gain of {wanted:g} takes {power.needed(wanted):,}"
    yield warning(f"{n:,} held-out examples {shown}{power.of}; {takes}{grouped if power.smallest is not None else ''}")


def _selection(graph: Graph, task: Task, metric: Metric) -> Iterator[str]:
    """Warn when the search chooses between prompts on very few examples."""
    name, examples = ("dev", task.dev) if "dev" in graph.inputs and task.dev is not None else ("train", task.train)
    power = _power(task, metric, examples.items)
    wanted = _TOLD_APART * power.width
    if power.smallest is None or power.smallest > wanted:
        apart = "" if power.smallest is None else f" that differ by less than {power.smallest:.2f}"
        what = f"{len(examples)} {name} examples can't tell prompts apart{apart}{power.of}"
        yield warning(f"{what}: the search chooses mostly by chance; use {power.needed(wanted)} or more")


def _repeats(graph: Graph, task: Task, repeats: int) -> Iterator[str]:
    """Warn about several answers from a model that is asked for the likeliest one."""
    if repeats > 1 and task.load_metric().needs in ("choice", "logprob"):
        yield warning(f"--repeats {repeats}: the metric {task.metric!r} reads likelihoods, which differ little between calls")
    elif repeats > 1:
        asking = ModelCallSpec(role="task", settings=task.settings)
        if not sampling(asking, task.load_template(), graph.models).random:
            yield warning(f"--repeats {repeats} at temperature 0: a deterministic model gives the same answer {repeats} times")


def _budgets(graph: Graph, task: Task, needs: BudgetNeeds) -> Iterator[str]:
    """Warn about each budget that does not cover one round of the search beside the held-out comparison."""
    limits = needs.limits
    if not limits.budgeted:
        return
    bounds = count_calls(graph, needs.inputs, one_round=True)
    stages = tuple(f"{stage.path}." for stage in bounds.stages)  # a stage keeps to the budget by itself
    steps = [one for path, one in bounds.items() if one.step.asking is not None and not path.startswith(stages)]
    search = [item for one in steps for item in cost_items_of(one, bounds, task)]
    final = [replace(item, calls=Extent.exactly(item.calls.most)) for item in report_cost_items(task, needs.repeats)]
    calls = _calls(search)
    if math.isinf(calls):
        return
    new = max(0.0, calls - needs.cached) / calls if calls else 0.0
    within = "its first round" if any(isinstance(step, RepeatStep) for step in graph.steps.values()) else "it"
    held = sum(final_calls(task, needs.repeats).values())
    rows = (
        ("calls", limits.calls, calls, None if limits.calls is None else reserved_calls(limits.calls, held)),
        ("tokens", limits.tokens, _tokens(search), _half(limits.tokens, _tokens(final))),
        ("usd", limits.usd, _usd(search, needs.quotes), _half(limits.usd, _usd(final, needs.quotes))),
    )
    for name, limit, whole, kept in rows:
        if limit is None or whole is None or kept is None:
            continue
        left, wanted = max(0.0, limit - kept), whole * new
        if wanted > left:
            shares = f"{_number(left)} left of {_number(limit)} {name}, beside {_number(kept)} kept for the comparison"
            yield warning(f"the budget may end the search before {within} is over: it takes up to {_number(wanted)}; {shares}")
    if limits.seconds and calls * new:
        yield _pace(limits.seconds, calls * new, held, within)


def _pace(seconds: float, search: float, held: int, within: str) -> str:
    """A note on the pace that a limit in seconds needs. No warning: how fast the models are shows only in the run.

    The comparison gets the time that its `held` calls take, at most half.
    """
    pace = (search + min(search, held)) / seconds
    takes = f"it takes up to {_number(search)} calls beside the comparison"
    return f"below {_number(pace)} calls a second, {seconds:g} seconds may end the search before {within} is over: {takes}"


def _calls(items: list[CostItem]) -> float:
    return math.fsum(item.calls.most for item in items)


def _tokens(items: list[CostItem]) -> float | None:
    found = [item.tokens() for item in items]
    return math.fsum(sum(pair) for pair in found if pair) if None not in found else None


def _usd(items: list[CostItem], quotes: Mapping[Role, Quote]) -> float | None:
    found = [item.usd(quotes) for item in items]
    return math.fsum(usd for usd in found if usd is not None) if None not in found else None


def _half(limit: float | None, final: float | None) -> float | None:
    """What of a limit is kept for the comparison: what it needs, at most half."""
    return None if limit is None or final is None else min(final, limit / 2)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
