"""Scorers whose true accuracies are known, for bench/selection.py: simulated in several shapes, and runs of a real model.

A scorer is drawn anew for each seed. Every policy sees the same draws, so policies are compared in pairs.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist, fmean

from promptwire.bundles.replay import replay
from promptwire.results.run import Run

__all__ = ["EXAMPLES", "SCORERS", "Scorer"]

RESULTS = Path(__file__).parents[1] / "docs" / "results"
PROMPTS, EXAMPLES = 20, 100
FEWEST_ROWS = 6
"""Rows that a prompt of a published run needs to have a place in its matrix."""
_GRID = 200


@dataclass(frozen=True, slots=True)
class Scorer:
    """Prompts whose answers are known."""

    accuracy: Sequence[float]
    """True accuracy of each prompt: the expected value of a new example."""
    values: Sequence[Sequence[float]]
    """Value of each prompt on each example."""


Draw = Callable[[random.Random], Scorer]


def _independent(accuracy: Sequence[float], rng: random.Random) -> Scorer:
    """Each answer is right with the prompt's accuracy, whatever the example."""
    return Scorer(accuracy, [[float(rng.random() < one) for _ in range(EXAMPLES)] for one in accuracy])


def _shuffled(accuracy: Sequence[float], rng: random.Random) -> list[float]:
    return rng.sample(accuracy, len(accuracy))


def clear_winner(rng: random.Random) -> Scorer:
    """One prompt of 0.85; the others lie between 0.50 and 0.70."""
    return _independent(_shuffled([0.85, *(rng.uniform(0.5, 0.7) for _ in range(PROMPTS - 1))], rng), rng)


def near_ties(rng: random.Random) -> Scorer:
    """All prompts lie between 0.70 and 0.76."""
    return _independent([rng.uniform(0.70, 0.76) for _ in range(PROMPTS)], rng)


def many_bad(rng: random.Random) -> Scorer:
    """15 prompts lie below 0.10, five between 0.40 and 0.80."""
    bad = [rng.uniform(0.0, 0.1) for _ in range(PROMPTS - 5)]
    return _independent(_shuffled([*bad, *(rng.uniform(0.4, 0.8) for _ in range(5))], rng), rng)


def hard_and_easy(rng: random.Random) -> Scorer:
    """Skills from 0 to 2 against examples of differing difficulty: what one prompt gets wrong, most get wrong (Rasch)."""
    skills = [rng.uniform(0.0, 2.0) for _ in range(PROMPTS)]
    hard = [rng.gauss(0.0, 2.0) for _ in range(EXAMPLES)]
    values = [[float(rng.random() < _logistic(skill - one)) for one in hard] for skill in skills]
    return Scorer([_mean_over_difficulty(skill) for skill in skills], values)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _mean_over_difficulty(skill: float) -> float:
    """Expected share of right answers over all difficulties: the mean over a grid of quantiles."""
    return fmean(_logistic(skill - one) for one in _difficulties())


@cache
def _difficulties() -> list[float]:
    normal = NormalDist(0.0, 2.0)
    return [normal.inv_cdf((place + 0.5) / _GRID) for place in range(_GRID)]


@cache
def published(task: str) -> Draw:
    """The prompts of the published runs on `task` with seed 0, and the values that the model of docs/results.md got.

    Each seed draws examples with replacement. A prompt that was not scored on one of them gets one of its other values, drawn.
    """
    rows: dict[str, dict[str, float]] = {}
    for bundle in sorted(RESULTS.glob(f"{task}-*-0.bundle.jsonl.gz")):
        with tempfile.TemporaryDirectory(prefix="promptwire-") as made:
            replay(bundle, keep=Path(made) / "run")
            for one in Run.open(Path(made) / "run").candidates:
                rows.setdefault(one.text, {}).update(one.values)
    known = [found for found in rows.values() if len(found) >= FEWEST_ROWS]
    examples = sorted({example for found in known for example in found})
    values = [list(found.values()) for found in known]

    def draw(rng: random.Random) -> Scorer:
        drawn = rng.choices(examples, k=EXAMPLES)
        table = [
            [found[one] if one in found else rng.choice(other) for one in drawn]
            for found, other in zip(known, values, strict=True)
        ]
        order = rng.sample(range(len(known)), len(known))
        return Scorer([fmean(values[place]) for place in order], [table[place] for place in order])

    return draw


SCORERS: Mapping[str, Draw] = {
    "clear winner": clear_winner,
    "near ties": near_ties,
    "many bad": many_bad,
    "hard and easy": hard_and_easy,
    "dates": lambda rng: published("dates")(rng),
    "antonyms": lambda rng: published("antonyms")(rng),
}
"""Each scorer and how it is drawn. The last two are published runs."""
