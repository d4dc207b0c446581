"""Means and differences of a comparison whose score is no mean of values, such as macro-F1.

One run has the interval and the test of its own verdict, so that a comparison and a report never disagree. For several seeds
see `promptwire.stats.set_seeds`; correlations, and examples in groups, then keep the crossed error of their contributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptwire.comparing.cell_results import CellResult
from promptwire.stats.intervals import Interval
from promptwire.stats.set_gain import Groups
from promptwire.stats.set_seeds import seeds_gain, seeds_score
from promptwire.stats.set_statistics import statistic_of
from promptwire.stats.set_verdict import reason_of
from promptwire.values import Row

__all__ = ["set_contrast", "set_estimate", "set_range"]

_INITIAL, _BEST = 0, 1
"""Places of a cell's sides."""


def set_range(results: Sequence[CellResult]) -> tuple[float, float] | None:
    """Lowest and highest score by the metric of `results`; None when it is a mean of values."""
    statistic = statistic_of(results[0].metric) if results else None
    return None if statistic is None else statistic.scale


def set_estimate(results: Sequence[CellResult], shared: Sequence[str], groups: Groups, *, initial: bool) -> Interval | None:
    """The mean score of `results`, the runs of one row, with its interval; None where that of a mean of values is used."""
    if not _apply(results, shared, groups, 1):
        return None
    runs = [_rows(one, shared, _INITIAL if initial else _BEST) for one in results]
    if initial and all(rows == runs[0] for rows in runs):
        runs = runs[:1]  # the same prompt in every run
    return seeds_score(runs, results[0].metric, groups) if _apply(results, shared, groups, len(runs)) else None


def set_contrast(
    pairs: Sequence[tuple[CellResult, CellResult]], shared: Sequence[str], groups: Groups, *, initial: bool
) -> dict[str, Any] | None:
    """Gain, interval, p-value and reason of the first of each pair over the second, a pair for each seed.

    `initial`: over the initial prompt of the second. None where the difference is one of means of values.
    """
    if not _apply([one for pair in pairs for one in pair], shared, groups, len(pairs)):
        return None
    runs = [(_rows(other, shared, _INITIAL if initial else _BEST), _rows(mine, shared, _BEST)) for mine, other in pairs]
    found = seeds_gain(runs, pairs[0][0].metric, groups)
    if all(before == after for before, after in runs):
        return {"gain": 0.0, "low": None, "high": None, "p": 1.0, "reason": ""}
    units = len(shared) if groups is None else len(set(groups))
    reason = reason_of(found.p, units, groups is not None)
    return {"gain": found.mean, "low": found.low, "high": found.high, "p": found.p, "reason": reason}


def _apply(results: Sequence[CellResult], shared: Sequence[str], groups: Groups, seeds: int) -> bool:
    metrics = {one.metric for one in results}
    statistic = statistic_of(next(iter(metrics))) if len(metrics) == 1 else None
    if statistic is None or not all(example in one.sides for one in results for example in shared):
        return False
    return seeds == 1 or (groups is None and not statistic.graded)


def _rows(result: CellResult, shared: Sequence[str], side: int) -> list[Row]:
    return [result.sides[example][side] for example in shared]
