"""Optimism: how much too good the winner of many candidates looks on the examples that it was selected on.

The expected optimism is that of the best of equal candidates. Each candidate's values are shifted to a mean of 0 and the
examples are drawn anew, the same for all candidates. The mean of the best one over many draws is the optimism.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter, mul

from promptwire.values.hashing import stream

__all__ = ["drawn_optimism", "expected_optimism", "mean_optimism"]

_DRAWS = 400
_FEWEST_DRAWS = 20
_MOST_WORK = 2_000_000
"""Values times draws: about a second."""


def expected_optimism(candidates: Sequence[Mapping[str, float]], *, seed: int = 0) -> float | None:
    """The expected optimism of the best of `candidates`, each given as its value by example id.

    None without two candidates that have two values each.
    """
    return mean_optimism(list(drawn_optimism(candidates, seed=seed)))


def mean_optimism(drawn: Sequence[float]) -> float | None:
    """The expected optimism, from that of each draw; None without draws."""
    return max(0.0, math.fsum(drawn) / len(drawn)) if drawn else None


def drawn_optimism(candidates: Sequence[Mapping[str, float]], *, seed: int = 0) -> Iterator[float]:
    """The mean of the best candidate in each draw, one after the other: all together may take a second.

    Nothing without two candidates that have two values each.
    """
    tables = [table for table in candidates if len(table) > 1]
    if len(tables) < 2:
        return
    examples = sorted({example for table in tables for example in table})
    position = {example: place for place, example in enumerate(examples)}
    # Candidates with equal values have equal means, so one of them stands for all.
    centred = list(dict.fromkeys(_centred(table, position) for table in tables))
    cells = sum(map(len, tables))
    random = stream("optimism", seed, len(tables), len(examples))
    for _ in range(max(_FEWEST_DRAWS, min(_DRAWS, _MOST_WORK // cells))):
        weights = [0] * len(examples)
        for place in random.choices(range(len(examples)), k=len(examples)):
            weights[place] += 1
        yield max(_weighted(places, values, weights) for places, values in centred)


def _centred(table: Mapping[str, float], position: Mapping[str, int]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Positions and shifted values of one candidate. A mean fits its own values, so residuals are too small by this factor.

    They are in the order of examples: rows arrive in any order, and the last digit of a sum depends on it.
    """
    n, mean = len(table), math.fsum(table.values()) / len(table)
    scale = math.sqrt(n / (n - 1))
    known = sorted(table)
    return tuple(position[example] for example in known), tuple(scale * (table[example] - mean) for example in known)


def _weighted(places: Sequence[int], values: Sequence[float], weights: Sequence[int]) -> float:
    """Mean of `values` under the drawn weights; 0 when none of its examples was drawn."""
    mine = itemgetter(*places)(weights)
    total = sum(mine)
    return sum(map(mul, values, mine)) / total if total else 0.0
