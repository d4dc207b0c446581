"""Verdict on two prompts by a score that is no mean, such as macro-F1: bootstrap interval and swap test."""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.stats.set_bootstrap import FEWEST_UNITS, Groups, gain_interval, swap_test
from promptwire.stats.verdict import LEVEL, Verdict, VerdictKind
from promptwire.values import Row

__all__ = ["set_verdict"]


def set_verdict(
    initial: Sequence[Row], best: Sequence[Row], metric: str, groups: Groups = None, *, same_prompt: bool = False
) -> Verdict:
    """The verdict on rows of two prompts for the same examples in one order.

    An example counts as fixed or broken by its own value, which tells right answers from wrong ones.
    """
    if not initial:
        return Verdict(kind="not scored", n=0, reason="no example was scored")
    gain = gain_interval(initial, best, metric, groups)
    if same_prompt:
        return Verdict(kind="same prompt", n=gain.n, gain=gain.mean, reason="both prompts are the same")
    swapped = swap_test(initial, best, metric, groups)
    p = swapped.p if swapped else None
    units = len(initial) if groups is None else len(set(groups))
    what = "examples" if groups is None else "groups of examples"
    return Verdict(
        kind=_kind(gain.mean or 0.0, gain.low, gain.high, p),
        n=gain.n,
        gain=gain.mean,
        low=gain.low,
        high=gain.high,
        p=p,
        test="swap permutation" if p is not None else "",
        fixed=sum(after.value > before.value for before, after in zip(initial, best, strict=True)),
        broken=sum(after.value < before.value for before, after in zip(initial, best, strict=True)),
        groups=None if groups is None else units,
        smallest_gain=swapped.smallest if swapped else None,
        reason="" if p is not None else f"{units} {what}: a test needs at least {FEWEST_UNITS}",
    )


def _kind(gain: float, low: float | None, high: float | None, p: float | None) -> VerdictKind:
    if p is None or p >= LEVEL or (low is not None and high is not None and low <= 0 <= high):
        return "not shown"
    return "better" if gain > 0 else "worse"
