"""Early stopping with exact bounds: which prompts can't be among the best any more, whatever their other examples give.

A prompt's score is the mean of its values, and every value lies on the metric's scale. So the examples that are not known yet
bound the score from both sides. A prompt is beaten if the lowest scores of at least `keep` others are above its highest score.
Ties follow `promptwire.stats.ranking`: likelihood, number of examples, written order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from promptwire.stats.ranking import merit
from promptwire.stats.set_statistics import statistic_of
from promptwire.values import Row

__all__ = ["Standing", "beaten", "bounded"]

_ROUNDING = 1e-9
"""Share of the scale that sums of fractions may be off by. Sums of whole numbers are exact."""

Merit = tuple[bool, float, float, float, int]
"""Whether there is a score, the score, the likelihood, the number of examples, and the place with a minus sign."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one prompt."""

    rows: Sequence[Row]
    """Its rows so far. When nothing is open, those that rank it."""
    open: int
    """Examples that it will be scored on and was not yet."""
    instead: Sequence[Row] = ()
    """Rows that rank it if most of its calls fail; empty where none were known before."""


def bounded(metric: str, scale: tuple[float, float] | None) -> bool:
    """Whether values bound a score: it is their mean, and their scale is known.

    >>> bounded("exact", (0.0, 1.0)), bounded("macro-f1", (0.0, 1.0)), bounded("logprob", None)
    (True, False, False)
    """
    return scale is not None and statistic_of(metric) is None


def beaten(standings: Sequence[Standing], keep: int, scale: tuple[float, float]) -> list[bool]:
    """For each prompt, in the written order, whether it can't be among the best `keep` any more.

    A prompt with no open examples is never beaten: there is nothing to stop. Where the others lose examples to failed calls, a
    beaten prompt may come back, so ask again after each step.

    >>> one = Row("p", "e", "", "", 1.0)
    >>> beaten([Standing([one] * 4, 0), Standing([], 4)], 1, (0.0, 1.0)), beaten([Standing([], 4)] * 2, 1, (0.0, 1.0))
    ([False, True], [False, False])
    """
    if len(standings) <= keep:
        return [False] * len(standings)
    spare = _spare(standings, scale)
    lowest = sorted((_worst(one, -place, scale[0], spare) for place, one in enumerate(standings)), reverse=True)
    needed = lowest[keep - 1]
    return [one.open > 0 and _best(one, -place, scale[1]) < needed for place, one in enumerate(standings)]


def _spare(standings: Sequence[Standing], scale: tuple[float, float]) -> float:
    """What a sum's rounding could hide; 0 where all sums are exact."""
    values = (row.value for one in standings for row in one.rows)
    exact = all(float(end).is_integer() for end in scale) and all(float(value).is_integer() for value in values)
    return 0.0 if exact else _ROUNDING * max(1.0, abs(scale[0]), abs(scale[1]))


def _worst(one: Standing, place: int, low: float, spare: float) -> Merit:
    """The lowest merit that `one` can end with, if none of its other calls fails."""
    if not one.open:
        scored, score, likelihood, count = merit(one.rows)
        return scored, score - spare, likelihood, count, place
    total = len(one.rows) + one.open
    likely = -inf if _likely(one) else 0.0
    return True, _end(one, low, total) - spare, likely, total, place


def _best(one: Standing, place: int, high: float) -> Merit:
    """The highest merit that `one` can end with. A failed call makes it lower: it takes the place of a highest value."""
    total = len(one.rows) + one.open
    best = True, _end(one, high, total), inf if _likely(one) else 0.0, total, place
    return max(best, (*merit(one.instead), place)) if one.instead else best


def _end(one: Standing, value: float, total: int) -> float:
    """The score if all open examples give `value`."""
    return (sum(row.value for row in one.rows) + value * one.open) / total


def _likely(one: Standing) -> bool:
    """Whether ties may be broken by a likelihood; with no row yet, it is not known."""
    return not one.rows or any(row.likelihood is not None for row in one.rows)
