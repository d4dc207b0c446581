"""Results of cells, read from run folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from promptwire.errors import RunError
from promptwire.page.candidates import demos_of
from promptwire.results.heldout_rows import PairedRow, contributed, groups_of, score_row
from promptwire.results.run import Run
from promptwire.stats.set_statistics import statistic_of
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.sweep_log import CellStanding
from promptwire.values import Row

__all__ = ["CellResult", "read_result", "result_of", "results", "standing_results"]


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a comparison needs of one run. Without values it has no result, and `state` and `why` say so."""

    row: str
    """Name of the optimizer."""
    task: str
    """Name of the task."""
    seed: int
    """Random seed."""
    state: str = "missing"
    """`finished`, `cut short` by a limit, or how else the run ended; `missing` when there is none."""
    why: str = ""
    """Reason in words; may be empty."""
    run: str = ""
    """Run folder."""
    metric: str = ""
    """Name of the metric."""
    prompt: str = ""
    """The best prompt."""
    initial: Mapping[str, float] = field(default_factory=dict)
    """Held-out values of the initial prompt by example id: what each example contributes to its score."""
    best: Mapping[str, float] = field(default_factory=dict)
    """Held-out values of the best prompt by example id, in the same way."""
    sides: Mapping[str, tuple[Row, Row]] = field(default_factory=dict)
    """Held-out rows of the initial and of the best prompt by example id; only for a score that is no mean of values."""
    fingerprint: str = ""
    """Hash of the task's content; empty when the folder does not tell."""
    grouped: bool = False
    """Whether its examples come in groups."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Group of each held-out example by its id; empty when examples are independent, or an earlier version did not tell."""
    calls_alone: int | None = None
    """Calls that the run makes with an empty cache."""
    calls_new: int | None = None
    """Calls that it made."""
    usd: float | None = None
    """Dollars of the calls that it made; None when a price is unknown."""
    seconds: float | None = None
    """Duration."""
    initial_prompt: str = ""
    """The initial prompt."""
    demos: tuple[Mapping[str, str], ...] = ()
    """Text and output of each demonstration of the best prompt."""
    named: bool = True
    """Whether the run told the name of its task, and not only its file."""


def results(cells: Sequence[Cell], found: Mapping[str, Path | str]) -> Iterator[CellResult]:
    """The result of each cell, run or not; `found` is what `split_done` and `run_cells` returned."""
    for cell in cells:
        task = cell.task_name
        where = found.get(cell.key, "it was not run")
        if isinstance(where, Path):
            yield result_of(where, row=cell.row, task=task, seed=cell.seed)
        else:
            state = "missing" if cell.key not in found else "failed"
            yield CellResult(cell.row, task, cell.seed, state, where)


def standing_results(cells: Sequence[Cell], standings: Mapping[str, CellStanding]) -> Iterator[CellResult]:
    """The result of each cell of a sweep, whatever is known of it."""
    for cell in cells:
        known = standings[cell.key]
        if known.run is not None:
            yield result_of(known.run, row=cell.row, task=cell.task_name, seed=cell.seed)
        else:
            state = "missing" if known.state == "waiting" else known.state
            yield CellResult(cell.row, cell.task_name, cell.seed, state, known.why)


def result_of(folder: Path, *, row: str, task: str, seed: int) -> CellResult:
    """The result of the cell of this row, task and seed, from its run folder; without values when it can't be read."""
    try:
        return _read(Run.open(folder), row, task, seed)
    except RunError as error:
        return CellResult(row, task, seed, "unreadable", str(error), str(folder))


def read_result(folder: Path) -> CellResult:
    """The result in a run folder that no comparison made. Raises RunError when its pipeline or task is not known."""
    run = Run.open(folder)
    settings = run.settings
    report = run.report
    pipeline = report.pipeline if report else Path(settings.pipeline).stem
    task = report.task if report else Path(settings.task).stem
    if not pipeline or not task or settings.seed is None:
        raise RunError("this run does not tell its pipeline, task and seed", where=str(folder), hint="leave it out")
    own = [f"{key}={value}" for given in (settings.params, settings.patches) for key, value in given.items()]
    return replace(_read(run, " ".join([pipeline, *own]), task, settings.seed), named=report is not None)


def _read(run: Run, row: str, task: str, seed: int) -> CellResult:
    report, state = run.report, run.state
    rows = run.rows("test")
    initial, best = contributed(rows, run.settings.metric)
    unscored = "its metric is none, so nothing was compared" if run.settings.metric == "none" else "it has no held-out rows"
    why = state.why or ("" if rows else "; ".join(run.notes) or unscored)
    if rows and not best:
        why = why or f"its rows lack the right answers that {run.settings.metric} needs"
    return CellResult(
        row,
        task,
        seed,
        state.kind,
        why,
        str(run.folder),
        metric=run.settings.metric,
        prompt=run.best.text if run.best else "",
        initial=initial,
        best=best,
        sides=_sides(rows, run.settings.metric) if best else {},
        fingerprint=run.settings.fingerprint,
        groups=groups_of(rows, run.settings.group),
        grouped=report is not None and report.verdict is not None and report.verdict.groups is not None,
        calls_alone=report.calls.new + report.calls.cached if report else None,
        calls_new=report.calls.new if report else None,
        usd=report.cost_usd if report else None,
        seconds=report.seconds if report else None,
        initial_prompt=run.initial.text if run.initial else "",
        demos=demos_of(run.best) if run.best else (),
    )


def _sides(rows: Sequence[PairedRow], metric: str) -> dict[str, tuple[Row, Row]]:
    if statistic_of(metric) is None:
        return {}
    return {row.id: (score_row(row.id, row.initial), score_row(row.id, row.best)) for row in rows}
