"""Interval and p-value of the mean difference between two optimizers, over seeds and examples at once.

All seeds are scored on the same test examples. Pooling seeds x examples takes the rows as independent, and a test over seeds
alone takes the examples as the only ones there are: both give many false alarms. The crossed error holds both sources. With R
seeds and n examples its square is (MS_seed + MS_example - MS_residual) / (R n), with Satterthwaite's degrees of freedom.

The estimate can come out far too small, or negative. Its true value is never below the residual mean square, but a bound there
makes the test conservative. Half of it keeps the false alarms of 3 to 10 seeds between 3.5 and 7 % where seeds or examples
matter (docs/statistics.md).

Groups of examples take the place of examples. Their part is the clustered error of the means over seeds, and residuals are
summed by seed and group with the same correction (CR2). For groups of equal size this is the crossed error of their means.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from promptwire.stats.clustered import clustered
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


def crossed(
    table: Sequence[Sequence[float]],
    groups: Sequence[Hashable] | None = None,
    *,
    imagined: tuple[float, float] | None = None,
) -> Crossed:
    """The mean of `table`, one row per seed and one column per example, with its error.

    `groups` names the group of each example; below `FEWEST_GROUPS` groups there is no error. `imagined`, for independent
    examples, is a variance that is added to that of the examples, and the degrees of freedom of both.
    Raises ValueError when the table is empty or its rows differ in length.

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
    between = math.fsum((one - mean) ** 2 for one in by_seed) / (seeds - 1) / seeds
    residuals = [
        [value - own - other + mean for value, other in zip(row, by_example, strict=True)]
        for row, own in zip(table, by_seed, strict=True)
    ]
    if groups is None:
        within = math.fsum((one - mean) ** 2 for one in by_example) / (examples - 1) / examples
        rest = math.fsum(value**2 for row in residuals for value in row) / ((seeds - 1) * (examples - 1)) / (seeds * examples)
        more, freedom = imagined or (0.0, examples - 1)
        return _with_error(mean, _Parts(between, within + more, rest), seeds - 1, freedom)
    found = clustered(by_example, groups)
    if found.error is None:
        return Crossed(mean, None, None, None, None, None)
    rest = _grouped_rest(residuals, groups)
    # Equal means of all examples have no degrees of freedom of their own; they add nothing to the variance either.
    return _with_error(mean, _Parts(between, found.error**2, rest), seeds - 1, found.freedom or found.groups - 1)


class _Parts(NamedTuple):
    """Parts of the variance of the mean."""

    seeds: float
    examples: float
    rest: float


def _grouped_rest(residuals: Sequence[Sequence[float]], groups: Sequence[Hashable]) -> float:
    """The residual part of the variance, where the examples of a group are alike within each seed."""
    seeds, examples = len(residuals), len(groups)
    sizes = Counter(groups)
    total = 0.0
    for row in residuals:
        sums: dict[Hashable, list[float]] = {}
        for value, group in zip(row, groups, strict=True):
            sums.setdefault(group, []).append(value)
        total += math.fsum(math.fsum(values) ** 2 / (1 - sizes[group] / examples) for group, values in sums.items())
    return total / (1 - 1 / seeds) / (seeds * examples) ** 2


def _with_error(mean: float, parts: _Parts, by_seed: float, by_example: float) -> Crossed:
    """The result for the parts of the variance, with the degrees of freedom of seeds and of examples."""
    variance = max(parts.seeds + parts.examples - parts.rest, _LEAST * parts.rest)
    # Rounding errors of equal values are no variance.
    if variance <= 1e-22 * max(1.0, mean * mean):
        return Crossed(mean, 0.0, None, None, None if mean else 1.0, None)
    spread = parts.seeds**2 / by_seed + parts.examples**2 / by_example + parts.rest**2 / (by_seed * by_example)
    freedom = max(1.0, variance**2 / spread)
    error = math.sqrt(variance)
    half = quantile(0.975, freedom) * error
    return Crossed(mean, error, mean - half, mean + half, two_sided(mean / error, freedom), freedom)
