"""Measure how often the verdict and the comparison of optimizers see a difference where there is none.

Nominal is 5 %. Right and wrong answers are counted over all outcomes, so their figures are exact. The others are simulated with
the functions of the engine. A difference whose plain t-test gives a p-value above 0.25 is taken as not shown without drawing a
permutation for it. For metrics over all answers, bench/set_metrics.py simulates how often intervals miss a real gain as well.

    python bench/false_alarms.py [--only TEXT] [--page]

`--page` writes the measured rows into the table of docs/statistics.md; other rows stay. The file is not called statistics.py,
since Python would then import it in place of its own module.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import set_metrics
from scipy.stats import binom, t, ttest_1samp

from promptwire.stats.clustered import clustered
from promptwire.stats.crossed import crossed
from promptwire.stats.verdict import paired_verdict

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "statistics.md"
REPETITIONS = 4_000
"""Simulated comparisons of a setting: the error of a figure of 5 % is then 0.35 points. Graded values
and metrics over all answers take half as many, correlations a quarter, seeds five times as many."""
SEED = 20_261_127
_MARK, _END = "<!-- false alarms -->", "<!-- end -->"
_HEAD = ("| comparison | setting | false alarms | beside it |", "|---|---|---|---|")
_SCREEN = 0.25
_RARE = 1e-7

Numbers = Any
Result = tuple[float, float | None]
"""Share of false alarms, and a second share: see `Setting.beside`."""


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    part: str
    """What is compared."""
    name: str
    """Values that were set."""
    measure: Callable[[int], Result]
    """Takes a number of repetitions."""
    beside: str = ""
    """What the second share is: the false alarms of a method that is often used instead, or the intervals that miss a gain."""


def binary(n: int, discordant: float) -> Result:
    """Right and wrong answers: the chance of each outcome, summed where the verdict is an alarm."""
    alarms = 0.0
    for pairs in range(n + 1):
        share = binom.pmf(pairs, n, discordant)
        if share < _RARE:
            continue
        for fixed in range(pairs // 2 + 1):
            chance = binom.pmf(fixed, pairs, 0.5)
            if chance < _RARE:
                continue
            before = [0.0] * fixed + [1.0] * (n - fixed)
            after = [1.0] * fixed + [0.0] * (pairs - fixed) + [1.0] * (n - pairs)
            if paired_verdict(before, after).kind == "not shown":
                break  # more fixed examples are a smaller difference
            alarms += share * chance * 2
    return alarms, None


def graded(repetitions: int, n: int, draw: Callable[[Any, tuple[int, int]], Numbers]) -> Result:
    """Graded values: differences with a mean of 0, normal or not."""
    worlds = draw(numpy.random.default_rng(SEED), (repetitions, n))
    possible = ttest_1samp(worlds, 0, axis=1).pvalue <= _SCREEN
    found = [paired_verdict([0.0] * n, row.tolist(), shares=False).kind != "not shown" for row in worlds[possible]]
    return sum(found) / repetitions, None


def normal(rng: Any, size: tuple[int, int]) -> Numbers:
    """Differences of two noisy grades."""
    return rng.normal(0, 0.2, size)


def stepped(rng: Any, size: tuple[int, int]) -> Numbers:
    """Differences of two grades of 1 to 5, most of them equal."""
    return rng.choice([-0.5, -0.25, 0.0, 0.25, 0.5], size, p=[0.05, 0.15, 0.6, 0.15, 0.05])


def skewed(rng: Any, size: tuple[int, int]) -> Numbers:
    """Many small losses and few large gains with a mean of 0, as far from the test's assumption as grades get."""
    return rng.exponential(0.2, size) - 0.2


def over_all(repetitions: int, metric: str, examples: str, n: int) -> Result:
    """Metrics over all answers: false alarms, and intervals that miss the gain of a better prompt."""
    repetitions //= 4 if examples.startswith("grades") else 2
    alarms, misses = (set_metrics.missed(metric, examples, n, repetitions, equal=equal, seed=SEED) for equal in (True, False))
    return alarms, misses


def grouped(repetitions: int, groups: int, largest: int, *, shares: bool) -> Result:
    """Examples in groups that are alike; the first group has `largest` examples, each other group six."""
    rng = numpy.random.default_rng(SEED)
    names = [0] * largest + [1 + place // 6 for place in range(6 * (groups - 1))]
    alarms = pooled = 0
    for _ in range(repetitions):
        shift = rng.normal(0, 0.5, groups)[names]
        if shares:
            # A pair is discordant in 30 % of all cases; the group says which way it tends.
            up = 1 / (1 + numpy.exp(-3 * shift))
            values = (rng.random(len(names)) < 0.3) * numpy.where(rng.random(len(names)) < up, 1.0, -1.0)
        else:
            values = shift + rng.normal(0, 1, len(names))
        found = clustered(values.tolist(), names)
        alarms += found.p is not None and found.p < 0.05
        pooled += _plain_test(values)
    return alarms / repetitions, pooled / repetitions


def _plain_test(values: Numbers) -> bool:
    """Whether a t-test over all values sees a difference."""
    return bool(abs(values.mean()) > t.ppf(0.975, values.size - 1) * values.std(ddof=1) / values.size**0.5)


def seeds(repetitions: int, count: int, examples: int, spread: tuple[float, float], *, shares: bool) -> Result:
    """Two optimizers with `count` seeds each; `spread` is the deviation of seeds and of examples between them."""
    # Some of these levels are close to the largest allowed one, so chance has to be small.
    repetitions *= 5
    rng = numpy.random.default_rng(SEED)
    alarms = pooled = 0
    for _ in range(repetitions):
        if shares:
            common = 1 + rng.normal(0, 1.5, (1, examples))
            values = _answers(rng, common, count, spread) - _answers(rng, common, count, spread)
        else:
            values = rng.normal(0, spread[0], (count, 1)) + rng.normal(0, spread[1], (1, examples))
            values = values + rng.normal(0, 1, (count, examples))
        found = crossed(values.tolist())
        alarms += found.p is not None and found.p < 0.05
        pooled += _plain_test(values.ravel())
    return alarms / repetitions, pooled / repetitions


def seeds_and_groups(repetitions: int, count: int, groups: int, largest: int) -> Result:
    """Two optimizers with `count` seeds each, on examples in groups; the first group has `largest` examples, the others six."""
    rng = numpy.random.default_rng(SEED)
    names = [0] * largest + [1 + place // 6 for place in range(6 * (groups - 1))]
    alarms = ungrouped = 0
    for _ in range(repetitions):
        # A group favours one of the optimizers, more or less so from seed to seed.
        shift = rng.normal(0, 0.4, (1, groups)) + rng.normal(0, 0.2, (count, groups))
        values = rng.normal(0, 0.1, (count, 1)) + shift[:, names] + rng.normal(0, 1, (count, len(names)))
        found, plain = crossed(values.tolist(), names), crossed(values.tolist())
        alarms += found.p is not None and found.p < 0.05
        ungrouped += plain.p is not None and plain.p < 0.05
    return alarms / repetitions, ungrouped / repetitions


def _answers(rng: Any, common: Numbers, count: int, spread: tuple[float, float]) -> Numbers:
    """Right and wrong answers of one optimizer's best prompts, one row per seed."""
    logits = common + rng.normal(0, spread[0], (count, 1)) + rng.normal(0, spread[1], (1, common.shape[1]))
    return (rng.random(logits.shape) < 1 / (1 + numpy.exp(-logits))).astype(float)


def settings() -> Iterator[Setting]:
    """All rows of the table."""
    for n in (50, 120, 500):
        for discordant in (0.1, 0.2, 0.3):
            name = f"{n} examples, {discordant:.0%} discordant pairs"
            yield Setting("right and wrong answers", name, lambda _, n=n, q=discordant: binary(n, q))
    for n in (20, 50, 120):
        for draw in (normal, stepped, skewed):
            yield Setting("graded values", f"{n} examples, {draw.__name__}", lambda r, n=n, d=draw: graded(r // 2, n, d))
    for metric, examples, n in set_metrics.SETS:
        name = f"{n} examples, {metric}, {examples}"
        measure = partial(over_all, metric=metric, examples=examples, n=n)
        yield Setting("metrics over all answers", name, measure, "of intervals miss a real gain")
    for groups, largest in ((5, 6), (10, 6), (40, 6), (10, 30), (40, 120)):
        for shares in (True, False):
            name = f"{groups} groups of {'6' if largest == 6 else f'6, one of {largest}'}, {_kind(shares)}"
            measure = partial(grouped, groups=groups, largest=largest, shares=shares)
            yield Setting("examples in groups", name, measure, "with examples as independent")
    for count in (3, 5, 10):
        for examples, spread, shares in _SPREADS:
            name = f"{count} seeds, {examples} examples, {_kind(shares)}, {_spread(spread)}"
            measure = partial(seeds, count=count, examples=examples, spread=spread, shares=shares)
            yield Setting("optimizers over seeds", name, measure, "with seeds x examples pooled")
    for count in (3, 5, 10):
        for groups, largest in ((20, 6), (20, 30)):
            name = f"{count} seeds, {groups} groups of {'6' if largest == 6 else f'6, one of {largest}'}, graded"
            measure = partial(seeds_and_groups, count=count, groups=groups, largest=largest)
            yield Setting("seeds and groups", name, measure, "with examples as independent")


_SPREADS = (
    (120, (0.3, 0.5), True),
    (120, (0.6, 0.2), True),
    (50, (0.1, 0.3), False),
    (120, (0.1, 0.3), False),
    (120, (0.3, 0.3), False),
    (120, (0.0, 0.0), True),
)
"""Examples, deviations of seeds and examples, and whether answers are right or wrong."""


def _kind(shares: bool) -> str:
    return "right/wrong" if shares else "graded"


def _spread(spread: tuple[float, float]) -> str:
    return (
        f"deviation {spread[0]:g} between seeds and {spread[1]:g} between examples" if any(spread) else "no difference at all"
    )


def row(setting: Setting, repetitions: int) -> str:
    """One row of the table in Markdown."""
    share, other = setting.measure(repetitions)
    instead = "" if other is None else f"{other:.1%} {setting.beside}"
    return f"{_begin(setting)} {share:.1%} | {instead} |"


def _begin(setting: Setting) -> str:
    return f"| {setting.part} | {setting.name} |"


def written(text: str, found: list[str]) -> str:
    """The page `text` with the rows `found` in its table, in the order of the settings."""
    before, _, rest = text.partition(_MARK)
    old, _, after = rest.partition(_END)
    lines = [*old.splitlines(), *found]
    kept = [next((one for one in reversed(lines) if one.startswith(_begin(setting))), "") for setting in settings()]
    rows = "\n".join([*_HEAD, *filter(None, kept)])
    return f"{before}{_MARK}\n\n{rows}\n\n{_END}{after}"


def main() -> None:
    """Print the rows; with `--page`, write them into the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="settings whose name holds this text")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--page", action="store_true", help="write the rows into docs/statistics.md")
    chosen = parser.parse_args()
    for setting in settings():
        if chosen.only in f"{setting.part}: {setting.name}":
            line = row(setting, chosen.repetitions)
            print(line, flush=True)
            if chosen.page:
                PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), [line]), encoding="utf-8")


if __name__ == "__main__":
    main()
