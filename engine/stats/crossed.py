"""Interval and p-value of the mean difference between two optimizers, over seeds and examples at once.

All seeds are scored on the same test examples. Pooling seeds x examples takes the rows as independent, and a test over seeds
alone takes the examples as the only ones there are: both give many false alarms. The crossed error holds both sources. With R
seeds and n examples its square is (MS_seed + MS_example - MS_residual) / (R n), with Satterthwaite's degrees of freedom.

The estimate can come out far too small, or negative. Its true value is never below the residual mean square, but a bound there
makes the test conservative. Half of it keeps the false alarms of 3 to 10 seeds between 3.5 and 7 % where seeds or examples
matter (docs/statistics.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from promptwire.stats.student import quantile, two_sided

__all__ = ["Crossed", "crossed"]

_LEAST = 0.5
"""The variance is at least this share of the residual mean square."""


class Crossed(NamedTuple):
    """A mean over seeds and examples with its error."""

    mean: float
    """The mean of all values."""
    error: float | None
    """Its standard error; None with one seed or one example."""
    low: float | None
    """Lower end of the 95% interval."""
    high: float | None
    """Upper end."""
    p: float | None
    """Two-sided p-value of a mean of 0."""
    freedom: float | None
    """Degrees of freedom."""


def crossed(table: Sequence[Sequence[float]]) -> Crossed:
    """The mean of `table`, one row per seed and one column per example, with its error.

    Raises ValueError when it is empty or its rows differ in length.

    >>> round(crossed([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]]).mean, 3)
    0.5
    """
    seeds, examples = len(table), len(table[0]) if table else 0
    if not examples or any(len(row) != examples for row in table):
        raise ValueError("a crossed error needs a full table of seeds and examples")
    mean = math.fsum(value for row in table for value in row) / (seeds * examples)
    if seeds < 2 or examples < 2:
        return Crossed(mean, None, None, None, None, None)
    by_seed = [math.fsum(row) / examples for row in table]
    by_example = [math.fsum(column) / seeds for column in zip(*table, strict=True)]
    between = examples * math.fsum((one - mean) ** 2 for one in by_seed)
    within = seeds * math.fsum((one - mean) ** 2 for one in by_example)
    total = math.fsum((value - mean) ** 2 for row in table for value in row)
    squares = (
        between / (seeds - 1),
        within / (examples - 1),
        max(0.0, total - between - within) / ((seeds - 1) * (examples - 1)),
    )
    return _with_error(mean, squares, seeds, examples)


def _with_error(mean: float, squares: tuple[float, float, float], seeds: int, examples: int) -> Crossed:
    """The result for the mean squares of seeds, examples and residuals."""
    seed, example, residual = squares
    variance = max(seed + example - residual, _LEAST * residual)
    # Rounding errors of equal values are no variance.
    if variance <= 1e-20 * max(1.0, mean * mean):
        return Crossed(mean, 0.0, None, None, None if mean else 1.0, None)
    parts = seed**2 / (seeds - 1) + example**2 / (examples - 1) + residual**2 / ((seeds - 1) * (examples - 1))
    freedom = max(1.0, variance**2 / parts)
    error = math.sqrt(variance / (seeds * examples))
    half = quantile(0.975, freedom) * error
    return Crossed(mean, error, mean - half, mean + half, two_sided(mean / error, freedom), freedom)
