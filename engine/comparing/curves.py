"""Anytime curves of a comparison: the best selection score of each run against what it had spent, and the band over seeds.

Calls are those that a run makes with an empty cache. Tokens and dollars are those of new calls. What the shared cache held
costs none, so they depend on which runs were made before.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, get_args

from promptwire.page.candidates import best_so_far, points
from promptwire.results.run import Run
from promptwire.values.model import Model

__all__ = ["Axis", "BandPoint", "Curve", "CurvePoint", "band", "known_axes", "read_curve"]

Axis = Literal["calls", "tokens", "usd", "seconds"]
_MOST: Final = 300
"""Most positions of a band."""


class CurvePoint(Model):
    """The best prompt so far of a run, and what the run had spent when its first score was known."""

    score: float
    """Its score over all examples that the search scored it on."""
    examples: int
    """Number of these examples."""
    calls: int
    """Calls used, new or cached."""
    tokens: int | None
    """Tokens of new calls; None when they are not recorded."""
    usd: float | None
    """US dollars of new calls; None when a price is not known."""
    seconds: float
    """Seconds since the start of the run."""


class Curve(Model):
    """Best selection score of one run."""

    row: str
    """The optimizer."""
    task: str
    """The task."""
    seed: int
    """Random seed."""
    points: tuple[CurvePoint, ...]
    """The points that were better than all before."""
    end: CurvePoint
    """The last of these points, with what was spent when the last candidate was scored."""
    heldout: float | None = None
    """Held-out score of the prompt that the run ended with; None without a comparison."""


class BandPoint(Model):
    """Curves of one optimizer over its seeds, at one position of an axis."""

    row: str
    """The optimizer."""
    x: float
    """Position on the axis."""
    mean: float
    """Mean over seeds of the best selection score so far."""
    low: float
    """The lowest seed."""
    high: float
    """The highest seed."""
    seeds: int
    """Number of seeds."""


def read_curve(run: Run, *, row: str, task: str, seed: int, heldout: float | None) -> Curve | None:
    """Return the curve of `run`; None when it scored no prompt."""
    dots = points(run)
    best = best_so_far(dots)
    if not best:
        return None
    found = tuple(
        CurvePoint(score=one.score, examples=one.n, calls=one.calls, tokens=one.tokens, usd=one.usd, seconds=one.seconds)
        for one in best
    )
    last = dots[-1]
    spent = {"calls": last.calls, "tokens": last.tokens, "usd": last.usd, "seconds": last.seconds}
    return Curve(row=row, task=task, seed=seed, points=found, end=found[-1].model_copy(update=spent), heldout=heldout)


def known_axes(curves: Sequence[Curve]) -> tuple[Axis, ...]:
    """Return the axes on which all `curves` have a position, and some have one above 0."""
    ends = [curve.end for curve in curves]
    told = {axis: [position(end, axis) for end in ends] for axis in get_args(Axis)}
    return tuple(axis for axis, found in told.items() if None not in found and any(found))


def position(point: CurvePoint, axis: Axis) -> float | None:
    """Return what was spent at `point`."""
    spent: Mapping[Axis, float | None] = {
        "calls": point.calls,
        "tokens": point.tokens,
        "usd": point.usd,
        "seconds": point.seconds,
    }
    return spent[axis]


def band(curves: Sequence[Curve], axis: Axis) -> tuple[BandPoint, ...]:
    """Return the band of each optimizer among `curves`, which are of one task.

    It begins where all seeds have a score. A run that has ended keeps its score.
    """
    rows = dict.fromkeys(curve.row for curve in curves)
    return tuple(point for row in rows for point in _band(row, [curve for curve in curves if curve.row == row], axis))


def _band(row: str, curves: Sequence[Curve], axis: Axis) -> Iterator[BandPoint]:
    lines = [[(position(point, axis), point.score) for point in (*curve.points, curve.end)] for curve in curves]
    known = [[(x, score) for x, score in line if x is not None] for line in lines]
    if not all(known):
        return
    begin = max(line[0][0] for line in known)
    for x in _thinned(sorted({x for line in known for x, _ in line if x >= begin})):
        scores = [line[bisect_right(line, x, key=_first) - 1][1] for line in known]
        mean = math.fsum(scores) / len(scores)
        yield BandPoint(row=row, x=x, mean=mean, low=min(scores), high=max(scores), seeds=len(scores))


def _first(pair: tuple[float, float]) -> float:
    return pair[0]


def _thinned(positions: Sequence[float]) -> list[float]:
    """At most `_MOST` of `positions`, evenly chosen, with the first and the last."""
    if len(positions) <= _MOST:
        return list(positions)
    return [positions[round(place * (len(positions) - 1) / (_MOST - 1))] for place in range(_MOST)]
