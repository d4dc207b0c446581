"""Verdict on two prompts by a score that is no mean, such as macro-F1: see `promptwire.stats.set_gain`."""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.stats.clustered import FEWEST_GROUPS
from promptwire.stats.power import smallest_shift
from promptwire.stats.set_gain import Groups, SetGain, set_gain
from promptwire.stats.verdict import Verdict, verdict_kind
from promptwire.values import Row

__all__ = ["reason_of", "set_verdict"]


def set_verdict(
    initial: Sequence[Row], best: Sequence[Row], metric: str, groups: Groups = None, *, same_prompt: bool = False
) -> Verdict:
    """The verdict on rows of two prompts for the same examples in one order.

    An example counts as fixed or broken by its own value, which tells right answers from wrong ones.
    """
    if not initial:
        return Verdict(kind="not scored", n=0, reason="no example was scored")
    found, n = set_gain(initial, best, metric, groups), len(initial)
    if same_prompt:
        return Verdict(kind="same prompt", n=n, gain=found.mean, reason="both prompts are the same")
    units = n if groups is None else len(set(groups))
    return Verdict(
        kind=verdict_kind(found.mean, found.low, found.high, found.p),
        n=n,
        gain=found.mean,
        low=found.low,
        high=found.high,
        p=found.p,
        test=_test_of(found, groups),
        fixed=sum(after.value > before.value for before, after in zip(initial, best, strict=True)),
        broken=sum(after.value < before.value for before, after in zip(initial, best, strict=True)),
        groups=None if groups is None else units,
        smallest_gain=smallest_shift(found.error, found.freedom) if found.error and found.freedom else None,
        reason=reason_of(found.p, units, groups is not None),
    )


def _test_of(found: SetGain, groups: Groups) -> str:
    if found.p is None:
        return ""
    if groups is None:
        return "jackknife t"
    return "clustered jackknife t" if found.error else "sign-flip of groups"


def reason_of(p: float | None, units: int, grouped: bool) -> str:
    """Why there is no test; empty when there is one."""
    if p is not None:
        return ""
    what = "groups of examples" if grouped else "examples"
    return f"{units} {what}: a test needs at least {FEWEST_GROUPS}" if units < FEWEST_GROUPS else "the answers do not vary"
