"""Value of a whole comparison: estimates, contrasts, cells and notes, made from the results of its cells."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from promptwire.comparing.cell_results import CellResult
from promptwire.comparing.contrasts import INITIAL, Contrast, Estimate, Outcome, contrasts, estimate
from promptwire.comparing.curves import Curve, read_curve
from promptwire.errors import RunError
from promptwire.results.run import Run
from promptwire.sweeps.matrix import BASELINE
from promptwire.values.model import Model

__all__ = ["CellLine", "ComparisonTable", "make_table", "with_curves"]


class CellLine(Model):
    """One cell: what it cost, and how it ended."""

    row: str
    """The optimizer."""
    task: str
    """The task."""
    seed: int
    """Random seed."""
    state: str
    """How the run ended, or `missing`."""
    why: str
    """Reason in words; may be empty."""
    run: str
    """Run folder; empty without a run."""
    prompt: str
    """The best prompt."""
    initial: float | None
    """Mean held-out value of the initial prompt."""
    best: float | None
    """Mean held-out value of the best prompt."""
    examples: int
    """Held-out examples."""
    calls_alone: int | None
    """Calls that the run makes with an empty cache."""
    calls_new: int | None
    """Calls that it made, after what the shared cache held."""
    usd: float | None
    """Dollars of these calls; None when a price is unknown."""
    seconds: float | None
    """Duration."""
    initial_prompt: str = ""
    """The initial prompt."""
    demos: tuple[Mapping[str, str], ...] = ()
    """Text and output of each demonstration of the best prompt."""


class ComparisonTable(Model):
    """A comparison of optimizers."""

    metric: str
    """Name of the metric; several are joined by commas."""
    rows: tuple[str, ...]
    """Optimizers: the initial prompt first, then the search baseline if there is one."""
    tasks: tuple[str, ...]
    """Tasks."""
    seeds: tuple[int, ...]
    """Random seeds."""
    estimates: tuple[Estimate, ...]
    """Mean of each row on each task."""
    contrasts: tuple[Contrast, ...]
    """Every pair of rows on each task; a pair is written as gain of the later row over the earlier one."""
    cells: tuple[CellLine, ...]
    """Every cell, run or not."""
    notes: tuple[str, ...]
    """What limits the conclusions."""
    curves: tuple[Curve, ...] = ()
    """Best selection score of each run against what it had spent; empty unless `with_curves` read them."""

    def estimate(self, row: str, task: str) -> Estimate:
        """The estimate of `row` on `task`."""
        return next(one for one in self.estimates if (one.row, one.task) == (row, task))

    def outcome(self, row: str, other: str, task: str) -> Outcome:
        """Whether `row` wins over `other` on `task`."""
        turned: Mapping[Outcome, Outcome] = {"win": "loss", "loss": "win"}
        for one in self.contrasts:
            if one.task == task and {one.row, one.other} == {row, other}:
                return one.outcome if one.row == row else turned.get(one.outcome, one.outcome)
        return "not judged"

    def rank(self, row: str, task: str) -> int | None:
        """One more than the rows that are better than `row` on `task` after correction; None without a score."""
        if self.estimate(row, task).mean is None:
            return None
        return 1 + sum(self.outcome(row, other, task) == "loss" for other in self.rows if other != row)

    def to_json(self, indent: int | None = None) -> str:
        """Return the comparison as ASCII JSON. ASCII, since a lone surrogate in a prompt can't be written as UTF-8."""
        return json.dumps(self.model_dump(mode="json"), indent=indent)

    def _repr_html_(self) -> str:
        """Return the comparison as HTML, which notebooks show."""
        from promptwire.comparing.table_html import table_html  # noqa: PLC0415 - it imports this module

        return table_html(self)

    @property
    def missing(self) -> tuple[CellLine, ...]:
        """Cells without a result."""
        return tuple(one for one in self.cells if one.best is None)


def with_curves(table: ComparisonTable) -> ComparisonTable:
    """Return `table` with the anytime curves of its runs, which are read from their folders."""
    found = []
    for cell in table.cells:
        if cell.best is None:
            continue
        with suppress(RunError):  # a folder that was removed meanwhile has no curve
            found.append(read_curve(Run.open(cell.run), row=cell.row, task=cell.task, seed=cell.seed, heldout=cell.best))
    return table.model_copy(update={"curves": tuple(curve for curve in found if curve is not None)})


def make_table(results: Sequence[CellResult], notes: Iterable[str] = ()) -> ComparisonTable:
    """The comparison of `results`, one for each cell that was asked for, with or without a run."""
    optimizers = list(dict.fromkeys(one.row for one in results))
    rows = [INITIAL, *sorted(optimizers, key=lambda row: row.split()[0] != BASELINE)]
    tasks, seeds = list(dict.fromkeys(one.task for one in results)), sorted({one.seed for one in results})
    made = contrasts(rows, tasks, results)
    table = ComparisonTable(
        metric=", ".join(dict.fromkeys(one.metric for one in results if one.metric)),
        rows=tuple(rows),
        tasks=tuple(tasks),
        seeds=tuple(seeds),
        estimates=tuple(_estimates(rows, tasks, results)),
        contrasts=made,
        cells=tuple(_line(one) for one in results),
        notes=(*notes, *_notes(made, results)),
    )
    ranked = (one.model_copy(update={"rank": table.rank(one.row, one.task)}) for one in table.estimates)
    return table.model_copy(update={"estimates": tuple(ranked)})


def _estimates(rows: Sequence[str], tasks: Sequence[str], results: Sequence[CellResult]) -> Iterator[Estimate]:
    for row in rows:
        for task in tasks:
            mine = [one for one in results if one.task == task and row in (one.row, INITIAL)]
            asked = len({one.seed for one in mine})
            if row != INITIAL:
                yield estimate(row, task, mine, asked)
                continue
            # Of several rows one run of each seed is enough: the initial prompt is the same in all.
            first = {one.seed: one for one in reversed(mine) if one.best}
            yield estimate(row, task, list(first.values()), len(first))


def _line(one: CellResult) -> CellLine:
    return CellLine(
        row=one.row,
        task=one.task,
        seed=one.seed,
        state=one.state,
        why=one.why,
        run=one.run,
        prompt=one.prompt,
        initial=math.fsum(one.initial.values()) / len(one.initial) if one.initial else None,
        best=math.fsum(one.best.values()) / len(one.best) if one.best else None,
        examples=len(one.best),
        calls_alone=one.calls_alone,
        calls_new=one.calls_new,
        usd=one.usd,
        seconds=one.seconds,
        initial_prompt=one.initial_prompt,
        demos=one.demos,
    )


def _notes(made: Sequence[Contrast], results: Sequence[CellResult]) -> Iterator[str]:
    judged = [one for one in made if one.p is not None]
    if judged:
        yield f"{len(judged)} comparisons corrected together (Holm, 5 %); intervals are 95% and not corrected"
    single = {one.task for one in judged if one.seeds == 1}
    if single:
        yield f"one seed ({', '.join(sorted(single))}): a difference is one of this run and not of the optimizer"
    for task in dict.fromkeys(one.task for one in results):
        prints = {one.fingerprint for one in results if one.task == task and one.fingerprint}
        if len(prints) > 1:
            yield f"{task}: its runs are of {len(prints)} versions of the task; only examples that all share are compared"
    grouped = {one.task: one.groups for one in made if one.groups}
    for task, groups in grouped.items():
        yield f"{task}: {groups} groups of examples; errors are clustered by group"
    untold = {one.task for one in results if one.grouped and not one.groups} - set(grouped)
    if untold:
        yield f"{', '.join(sorted(untold))}: examples come in groups; the intervals take them as independent and are too short"
    for reason, count in _reasons(made).items():
        yield f"{count} pairs not judged: {reason}"


def _reasons(made: Sequence[Contrast]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in made:
        if one.p is None:
            found[one.reason] = found.get(one.reason, 0) + 1
    return found
