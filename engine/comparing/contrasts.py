"""Statistics of a comparison: the mean of each optimizer on each task, and every pair of optimizers on the same examples.

With several seeds the error is the crossed one, over seeds and examples. With one seed a difference is one of these runs and
not of the optimizers. Where the task names groups of examples, errors are clustered by group. All pairs on all tasks are
corrected together (Holm). From five tasks on, each pair is also compared over the tasks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final, Literal

from promptwire.comparing.cell_results import CellResult
from promptwire.comparing.set_contrasts import set_contrast, set_estimate, set_range
from promptwire.stats.clustered import FEWEST_GROUPS, Clustered, clustered
from promptwire.stats.crossed import Crossed, crossed
from promptwire.stats.holm import holm
from promptwire.stats.intervals import mean_interval
from promptwire.stats.student import quantile, two_sided
from promptwire.stats.verdict import paired_verdict
from promptwire.values.model import Model

__all__ = ["ALL_TASKS", "INITIAL", "Contrast", "Estimate", "Outcome", "contrasts", "estimate"]

INITIAL: Final = "initial prompt"
"""Name of the row of the initial prompt."""
ALL_TASKS: Final = "all tasks"
_FEWEST_TASKS: Final = 5
_LEVEL: Final = 0.05
_NO_TEST: Final = "all differences are equal, or there is one example"

Outcome = Literal["win", "tie", "loss", "not judged"]
Values = Mapping[str, float]
"""Values by example id."""


class Estimate(Model):
    """Mean held-out value of one optimizer on one task."""

    row: str
    """The optimizer."""
    task: str
    """The task."""
    mean: float | None = None
    """Mean over seeds and examples; None without a run."""
    low: float | None = None
    """Lower end of its 95% interval over seeds and examples; None when it is not known."""
    high: float | None = None
    """Upper end."""
    by_seed: Mapping[int, float] = {}
    """Mean of each seed's run."""
    examples: int = 0
    """Examples that all these runs were scored on."""
    expected: int = 0
    """Seeds that the comparison asked for."""
    rank: int | None = None
    """One more than the rows that are better on the task after correction, so that ties share it; None without a score."""


class Contrast(Model):
    """Difference of two optimizers on one task."""

    row: str
    """The optimizer."""
    other: str
    """The optimizer that it is compared with."""
    task: str
    """The task, or `all tasks`."""
    gain: float | None = None
    """Mean of `row` minus `other` on the same examples and seeds; None without any."""
    low: float | None = None
    """Lower end of its 95% interval, not corrected for the number of comparisons."""
    high: float | None = None
    """Upper end."""
    p: float | None = None
    """Two-sided p-value; None when it can't be judged."""
    adjusted: float | None = None
    """p-value after Holm's correction over all pairs and tasks of the comparison."""
    seeds: int = 0
    """Seeds that both were run with."""
    examples: int = 0
    """Examples that all these runs were scored on; for `all tasks`, the number of tasks."""
    groups: int | None = None
    """Groups of these examples; None when they are independent."""
    outcome: Outcome = "not judged"
    """`tie`: the difference does not survive the correction."""
    reason: str = ""
    """Why it was not judged."""


def estimate(row: str, task: str, results: Sequence[CellResult], expected: int) -> Estimate:
    """The mean of `results`, the runs of one row on one task."""
    runs = {one.seed: one.initial if row == INITIAL else one.best for one in results if one.best}
    shared = _shared(runs.values())
    if not shared:
        return Estimate(row=row, task=task, expected=expected)
    groups, known = _groups(results, shared), [one for one in results if one.best]
    whole = set_estimate(known, shared, groups, initial=row == INITIAL)
    low: float | None
    high: float | None
    if whole is None or whole.mean is None:
        table = [[values[example] for example in shared] for values in runs.values()]
        mean, low, high = _interval(table, groups, set_range(known), seeds=row != INITIAL)
    else:
        mean, low, high = whole.mean, whole.low, whole.high
    by_seed = {seed: math.fsum(values[example] for example in shared) / len(shared) for seed, values in runs.items()}
    return Estimate(row=row, task=task, mean=mean, low=low, high=high, by_seed=by_seed, examples=len(shared), expected=expected)


def _interval(
    table: Sequence[Sequence[float]], groups: Sequence[str] | None, scale: tuple[float, float] | None, *, seeds: bool
) -> tuple[float, float | None, float | None]:
    """The mean of `table` with its interval over examples, and over seeds if `seeds` differ."""
    found: Crossed | Clustered
    if seeds and len(table) > 1:
        found = crossed(table, groups)
    else:
        # Of one prompt in every run, seeds differ at most by the noise of the model.
        values = [math.fsum(column) / len(table) for column in zip(*table, strict=True)]
        if groups is None and scale is None:
            plain = mean_interval(values)
            return math.fsum(values) / len(values), plain.low, plain.high
        found = clustered(values, range(len(values)) if groups is None else groups)
    mean, low, high = found.mean, found.low, found.high
    if scale is None and all(0 <= value <= 1 for row in table for value in row):
        scale = (0.0, 1.0)
    if low is not None and high is not None and scale is not None:
        low, high = max(scale[0], low), min(scale[1], high)
    return mean, low, high


def _groups(results: Iterable[CellResult], shared: Sequence[str]) -> list[str] | None:
    """The group of each of the `shared` examples, as runs tell it; None for examples that are independent."""
    known = {example: group for one in results for example, group in one.groups.items()}
    return [known[example] for example in shared] if known and all(example in known for example in shared) else None


def contrasts(rows: Sequence[str], tasks: Sequence[str], results: Iterable[CellResult]) -> tuple[Contrast, ...]:
    """Every pair of `rows` on every task, corrected together; with five tasks also over all of them."""
    by_cell = {(one.row, one.task, one.seed): one for one in results if one.best}
    found: list[Contrast] = []
    for row, other in combinations(rows, 2):
        # The baselines come first in a comparison: the pair reads as gain over them.
        mine = [_on_task(other, row, task, by_cell) for task in tasks]
        found += mine
        if len(tasks) >= _FEWEST_TASKS:
            found.append(_over_tasks(other, row, mine))
    judged = [one for one in found if one.p is not None]
    adjusted = dict(zip(map(id, judged), holm([one.p for one in judged if one.p is not None]), strict=True))
    return tuple(_with_outcome(one, adjusted.get(id(one))) for one in found)


def _with_outcome(one: Contrast, adjusted: float | None) -> Contrast:
    if adjusted is None or one.gain is None:
        return one
    outcome: Outcome = "tie" if adjusted >= _LEVEL else "win" if one.gain > 0 else "loss"
    return one.model_copy(update={"adjusted": adjusted, "outcome": outcome})


def _on_task(row: str, other: str, task: str, by_cell: Mapping[tuple[str, str, int], CellResult]) -> Contrast:
    """`row` less `other` on one task, over the seeds of both. `row` is no initial prompt."""
    runs = {seed: one for (name, where, seed), one in by_cell.items() if (name, where) == (row, task)}
    mine: dict[int, Values] = {seed: one.best for seed, one in runs.items()}
    if other == INITIAL:
        theirs: dict[int, Values] = {seed: one.initial for seed, one in runs.items()}
    else:
        theirs = {seed: one.best for (name, where, seed), one in by_cell.items() if (name, where) == (other, task)}
    seeds = [seed for seed in mine if seed in theirs]
    base = Contrast(row=row, other=other, task=task, seeds=len(seeds))
    if not seeds:
        none = " and ".join(name for name, found in ((row, mine), (other, theirs)) if not found and name != INITIAL)
        return base.model_copy(update={"reason": f"no run of {none} on {task}" if none else "no seed that both were run with"})
    shared = _shared([*(mine[seed] for seed in seeds), *(theirs[seed] for seed in seeds)])
    if not shared:
        return base.model_copy(update={"reason": "their runs share no held-out example"})
    groups = _groups([one for one in by_cell.values() if one.task == task], shared)
    pairs = [(runs[seed], runs[seed] if other == INITIAL else by_cell[other, task, seed]) for seed in seeds]
    known = set_contrast(pairs, shared, groups, initial=other == INITIAL)
    if known is not None:
        told = {"examples": len(shared), "groups": None if groups is None else len(set(groups))}
        return base.model_copy(update={**known, **told})
    table = [[(mine[seed][one], theirs[seed][one]) for one in shared] for seed in seeds]
    return _judged(base, table, groups)


def _judged(base: Contrast, table: Sequence[Sequence[tuple[float, float]]], groups: Sequence[str] | None) -> Contrast:
    """`base` with the difference in `table`, one row of pairs per seed. `groups` are those of the examples."""
    base = base.model_copy(update={"groups": None if groups is None else len(set(groups))})
    if len(table) == 1:
        verdict = paired_verdict([other for _, other in table[0]], [mine for mine, _ in table[0]], groups=groups)
        known = {name: getattr(verdict, name) for name in ("gain", "low", "high", "p", "reason")}
    else:
        found = crossed([[mine - other for mine, other in row] for row in table], groups)
        few = base.groups is not None and base.groups < FEWEST_GROUPS
        none = f"{base.groups} groups of examples: a test needs at least {FEWEST_GROUPS}" if few else _NO_TEST
        reason = "" if found.p is not None else none
        known = {"gain": found.mean, "low": found.low, "high": found.high, "p": found.p, "reason": reason}
    return base.model_copy(update={**known, "examples": len(table[0])})


def _over_tasks(row: str, other: str, mine: Sequence[Contrast]) -> Contrast:
    """The mean of the gains on the tasks, with Student's t over tasks."""
    gains = [one.gain for one in mine if one.gain is not None]
    n = len(gains)
    base = Contrast(row=row, other=other, task=ALL_TASKS, seeds=min(one.seeds for one in mine), examples=n)
    if n < _FEWEST_TASKS:
        return base.model_copy(update={"reason": f"{n} tasks with runs of both: at least {_FEWEST_TASKS} are needed"})
    mean = math.fsum(gains) / n
    error = math.sqrt(math.fsum((gain - mean) ** 2 for gain in gains) / (n - 1) / n)
    if error == 0:
        p = None if mean else 1.0
        return base.model_copy(update={"gain": mean, "p": p, "reason": "" if p else "all gains are equal"})
    half = quantile(0.975, n - 1) * error
    p = two_sided(mean / error, n - 1)
    return base.model_copy(update={"gain": mean, "low": mean - half, "high": mean + half, "p": p})


def _shared(runs: Iterable[Values]) -> list[str]:
    """Example ids that are in all `runs`, in the order of the first."""
    all_runs = list(runs)
    return [example for example in all_runs[0] if all(example in values for values in all_runs)] if all_runs else []
