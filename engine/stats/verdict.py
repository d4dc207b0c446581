"""Verdict on two prompts that were scored on the same untouched examples: is the second better, and could it have been seen?

Right and wrong answers: Bonett and Price's interval and McNemar's mid-p test. Other values: Student's interval, lengthened by a
bootstrap interval where they are skewed, and the sign-flip test. Examples in groups: the clustered error for both. "Better" and
"worse" need a p-value below 5 % and an interval that does not hold 0. Where the test alone sees no difference, the interval is
lengthened to 0. So an interval holds 0 exactly where no difference is shown.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Final, Literal, NamedTuple

from promptwire.stats.bootstrap import bootstrap_interval, skewness
from promptwire.stats.clustered import FEWEST_GROUPS, clustered
from promptwire.stats.intervals import Interval, bounded, paired_interval
from promptwire.stats.mcnemar import mcnemar
from promptwire.stats.power import smallest_gain, smallest_shift
from promptwire.stats.sign_flip import sign_flip
from promptwire.stats.student import quantile
from promptwire.values.model import Model

__all__ = ["NO_VALUE_REASON", "Verdict", "VerdictKind", "paired_verdict", "verdict_kind"]

VerdictKind = Literal["better", "worse", "not shown", "same prompt", "not scored"]

NO_VALUE_REASON: Final = "the metric none gives answers no value, so there is nothing to compare"
"""Why a run is not scored whose task has no value."""
LEVEL: Final = 0.05
"""Level of the tests, two-sided."""


class Verdict(Model):
    """Whether the best prompt is better than the initial one, and what supports that."""

    kind: VerdictKind
    """`not shown`: the examples do not show a difference. `same prompt`: the search returned the initial prompt."""
    n: int
    """Number of examples that both prompts were scored on."""
    gain: float | None = None
    """Mean of best minus initial, on the same examples; None without examples."""
    low: float | None = None
    """Lower end of its 95% interval; None when it is not known."""
    high: float | None = None
    """Upper end."""
    p: float | None = None
    """Two-sided p-value of no difference; None without a test."""
    test: str = ""
    """Name of the test; empty without one."""
    fixed: int = 0
    """Examples on which the best prompt has the higher value."""
    broken: int = 0
    """Examples on which it has the lower value."""
    groups: int | None = None
    """Number of groups of examples; None when the examples are independent."""
    smallest_gain: float | None = None
    """The smallest gain that these examples could have shown, in 80 % of all cases; None when they can't show any, and when all
    differences are equal."""
    reason: str = ""
    """Why there is no test; empty when there is one."""
    optimism: float | None = None
    """The best prompt's score in the search minus its score here; None when it was not scored in the search."""
    expected_optimism: float | None = None
    """The optimism to expect if all candidates were equal; None when it is not known."""


class _Test(NamedTuple):
    """Result of one method."""

    low: float | None
    high: float | None
    p: float | None
    name: str
    smallest: float | None
    reason: str = ""
    groups: int | None = None


def paired_verdict(
    initial: Sequence[float],
    best: Sequence[float],
    *,
    shares: bool = True,
    groups: Sequence[Hashable] | None = None,
    same_prompt: bool = False,
) -> Verdict:
    """The verdict on values of two prompts, one of each for an example; for several answers per example, their means.

    Without `shares`, 0 and 1 are ordinary values of a metric on another scale. `groups` names the group of each example.

    >>> paired_verdict([0.0] * 12 + [1.0] * 28, [1.0] * 40).kind
    'better'
    """
    n = len(initial)
    differences = [after - before for before, after in zip(initial, best, strict=True)]
    if not n:
        return Verdict(kind="not scored", n=0, reason="no example was scored")
    gain = math.fsum(differences) / n
    if same_prompt:
        return Verdict(kind="same prompt", n=n, gain=gain, reason="both prompts are the same")
    if groups is not None:
        found = _grouped(differences, groups)
    elif shares and all(value in (0.0, 1.0) for value in (*initial, *best)):
        found = _binary(initial, best)
    else:
        found = _graded(differences)
    if found.p is not None and found.p >= LEVEL and found.low is not None and found.high is not None:
        found = found._replace(low=min(found.low, 0.0), high=max(found.high, 0.0))
    if shares and all(0.0 <= value <= 1.0 for value in (*initial, *best)):
        ends = bounded(Interval(gain, found.low, found.high, n), -1.0, 1.0)
        found = found._replace(low=ends.low, high=ends.high)
    return Verdict(
        kind=verdict_kind(gain, found.low, found.high, found.p),
        n=n,
        gain=gain,
        low=found.low,
        high=found.high,
        p=found.p,
        test=found.name,
        fixed=sum(difference > 0 for difference in differences),
        broken=sum(difference < 0 for difference in differences),
        groups=found.groups,
        smallest_gain=found.smallest,
        reason=found.reason,
    )


def verdict_kind(gain: float, low: float | None, high: float | None, p: float | None) -> VerdictKind:
    """What a gain with this interval and p-value is called."""
    if p is None or p >= LEVEL or (low is not None and high is not None and low <= 0 <= high):
        return "not shown"
    return "better" if gain > 0 else "worse"


def _binary(initial: Sequence[float], best: Sequence[float]) -> _Test:
    fixed = sum(before < after for before, after in zip(initial, best, strict=True))
    broken = sum(before > after for before, after in zip(initial, best, strict=True))
    interval = paired_interval(initial, best)
    smallest = smallest_gain(len(initial), (fixed + broken) / len(initial))
    return _Test(interval.low, interval.high, mcnemar(fixed, broken), "McNemar mid-p", smallest)


def _graded(differences: Sequence[float]) -> _Test:
    n, mean = len(differences), math.fsum(differences) / len(differences)
    if n < 2:
        return _Test(None, None, None, "", None, "one example shows nothing")
    p = sign_flip(differences)
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in differences) / (n - 1) / n)
    if error <= 1e-12 * max(1.0, abs(mean)):
        # Equal differences do not show that all others are equal.
        return _Test(None, None, p, "sign-flip", None)
    half = quantile(0.975, n - 1) * error
    low, high = mean - half, mean + half
    if abs(skewness(differences)) > math.sqrt(n) / 10:
        # With few values a bootstrap interval is too short: alone it misses the mean in 10 % of all cases at 10 values.
        ends = bootstrap_interval(differences)
        low, high = min(low, ends[0]), max(high, ends[1])
    return _Test(low, high, p, "sign-flip", smallest_shift(error, n - 1))


def _grouped(differences: Sequence[float], groups: Sequence[Hashable]) -> _Test:
    found = clustered(differences, groups)
    if found.error is None:
        reason = f"{found.groups} groups of examples: a test needs at least {FEWEST_GROUPS}"
        return _Test(None, None, None, "", None, reason, found.groups)
    if found.p is None:  # as with equal differences of single examples: a test, but no interval
        sums: dict[Hashable, list[float]] = {}
        for difference, group in zip(differences, groups, strict=True):
            sums.setdefault(group, []).append(difference)
        p = sign_flip([math.fsum(group) for group in sums.values()])
        return _Test(None, None, p, "sign-flip of groups", None, groups=found.groups)
    smallest = smallest_shift(found.error, found.freedom) if found.error and found.freedom else None
    return _Test(found.low, found.high, found.p, "clustered t", smallest, groups=found.groups)
