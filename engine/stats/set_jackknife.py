"""Standard error of a score that is no mean, such as macro-F1 or a correlation, or of the gain between two such scores.

Each example is left out in turn (jackknife). How far the score then moves says what the example contributes, and the spread of
these contributions is the error.

Labels: the variance is the sum of those of each label's examples. A rare label has few, so the degrees of freedom are
Satterthwaite's. Two examples with a small weight are imagined for each label: one that is right and one that is wrong, or for a
gain one that only the first prompt gets right and one that only the second does. Without them the error is far too small where
few answers are wrong, or few differ, by chance. For right answers Agresti and Coull, and Bonett and Price, do so.
Examples in groups: the clustered error of the contributions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from promptwire.stats.clustered import clustered
from promptwire.stats.label_counts import LabelCounts, LabelPair
from promptwire.stats.prompt_score import pairs_of, rows_score
from promptwire.values import Row

__all__ = ["Groups", "Kind", "Spread", "label_spread", "number_contributions", "parts_of", "weighted_spread"]

_FEWEST_OF_LABEL: Final = 3
"""Labels with fewer examples have one variance together with the next rare ones."""
_MOST_PARTS: Final = 200
"""Most parts of the examples that are left out in turn for a correlation."""
_FEWEST_PARTS: Final = 50
_WORK: Final = 200_000
"""Rows that are looked at in all for a correlation, about."""

Groups = Sequence[Hashable] | None
"""The group of each row; None for examples that are independent."""
Kind = tuple[str, tuple[tuple[LabelPair, ...], ...]]
"""Label of an example, and all answers of each prompt to it. Examples of one kind contribute alike."""
Statistic = Callable[[LabelCounts], float]


class Spread(NamedTuple):
    """A score or gain with its error."""

    middle: float
    """The score or gain, with the imagined examples."""
    error: float
    """Its standard error."""
    freedom: float | None
    """Degrees of freedom; None where all contributions are equal."""


def label_spread(sides: Sequence[Sequence[Row]], statistic: Statistic, groups: Groups, imagined: float) -> Spread:
    """The score of one prompt's rows, or the gain of the second over the first, by a statistic of labels.

    `imagined` is the weight of the imagined examples of all labels together, in each direction; groups have none.
    """
    kinds = [_kind(rows) for rows in zip(*sides, strict=True)]
    if groups is not None:
        moves = _moves(Counter(kinds), statistic)
        found = clustered([(len(kinds) - 1) * moves[kind] for kind in kinds], groups)
        return Spread(_score(_tables(Counter(kinds)), statistic), found.error or 0.0, found.freedom)
    return weighted_spread(dict(Counter(kinds)), statistic, imagined)


def weighted_spread(weights: dict[Kind, float], statistic: Statistic, imagined: float) -> Spread:
    """The same for independent examples, given how many there are of each kind; that may be a part of one."""
    sizes: dict[str, float] = {}
    for (label, _), weight in weights.items():
        sizes[label] = sizes.get(label, 0) + weight
    _, answers = next(iter(weights))
    for kind in _imagined(sizes, len(answers), len(answers[0])):
        weights[kind] = weights.get(kind, 0) + imagined / len(sizes)
    moves = _moves(weights, statistic)
    parts = [_variance([(moves[kind], weight) for kind, weight in weights.items() if kind[0] in one]) for one in _strata(sizes)]
    variance = math.fsum(one for one, _ in parts)
    freedom = max(1.0, variance**2 / math.fsum(one**2 / (n - 1) for one, n in parts)) if variance else None
    return Spread(_score(_tables(weights), statistic), math.sqrt(variance), freedom)


def number_contributions(rows: Sequence[Row], metric: str, parts: Sequence[int]) -> list[float]:
    """What each example contributes to the correlation called `metric`: the same for all of one part."""
    n, sizes, whole = len(rows), Counter(parts), rows_score(rows, metric)
    moved = {}
    for part, size in sizes.items():
        left = [row for row, own in zip(rows, parts, strict=True) if own != part]
        moved[part] = (n - size) / size * (whole - rows_score(left, metric))
    return [moved[part] for part in parts]


def parts_of(n: int, groups: Groups) -> list[int]:
    """The part of each of `n` examples: its own, or that of its group; fewer parts for many examples, which take long."""
    most = max(_FEWEST_PARTS, min(_MOST_PARTS, _WORK // n))
    names: Sequence[Hashable] = range(n) if groups is None else groups
    numbers = {name: number % most for number, name in enumerate(dict.fromkeys(names))}
    return [numbers[name] for name in names]


def _kind(rows: Sequence[Row]) -> Kind:
    return rows[0].truth, tuple(tuple(pairs_of([row])) for row in rows)


def _imagined(labels: Iterable[str], sides: int, answers: int) -> list[Kind]:
    """A right and a wrong example of each label for one prompt; for two, one of them is right."""
    found: list[Kind] = []
    for label in labels:
        both = ((label, label),) * answers, ((label, ""),) * answers
        found += [(label, (both[0],)), (label, (both[1],))] if sides == 1 else [(label, both), (label, both[::-1])]
    return found


def _tables(weights: Mapping[Kind, float]) -> list[LabelCounts]:
    """The counts of each prompt's answers."""
    sides = len(next(iter(weights))[1])
    tables: list[dict[LabelPair, float]] = [{} for _ in range(sides)]
    for (_, answers), weight in weights.items():
        for table, pairs in zip(tables, answers, strict=True):
            for pair in pairs:
                table[pair] = table.get(pair, 0) + weight
    return [LabelCounts.of(table) for table in tables]


def _score(tables: Sequence[LabelCounts], statistic: Statistic) -> float:
    scores = [statistic(table) for table in tables]
    return scores[-1] - scores[0] if len(scores) > 1 else scores[0]


def _moves(weights: Mapping[Kind, float], statistic: Statistic) -> dict[Kind, float]:
    """By how much the score is higher with an example of each kind than without it."""
    tables, moves = _tables(weights), {}
    whole = _score(tables, statistic)
    for kind, weight in weights.items():
        part = min(1.0, weight)
        left = [table.without(pairs, part) for table, pairs in zip(tables, kind[1], strict=True)]
        moves[kind] = (whole - _score(left, statistic)) / part
    return moves


def _strata(sizes: Mapping[str, float]) -> list[frozenset[str]]:
    """The labels, with rare ones joined until each part has `_FEWEST_OF_LABEL` examples or is the only one."""
    strata = [frozenset([label]) for label in sizes if sizes[label] >= _FEWEST_OF_LABEL]
    rare = frozenset(sizes) - frozenset().union(*strata)
    if rare and strata and sum(sizes[label] for label in rare) < _FEWEST_OF_LABEL:
        rarest = min(strata, key=lambda one: sum(sizes[label] for label in one))
        strata.remove(rarest)
        rare |= rarest
    return [*strata, rare] if rare else strata


def _variance(moves: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Jackknife variance of weighted moves, and the sum of the weights."""
    n = math.fsum(weight for _, weight in moves)
    mean = math.fsum(move * weight for move, weight in moves) / n
    return (n - 1) / n * math.fsum(weight * (move - mean) ** 2 for move, weight in moves), n
