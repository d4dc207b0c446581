"""Budget of a stage: a pipeline that is called with `limits`, checked before each of its calls.

The budgets around it hold too. The first call that a stage is refused closes it: it makes no further call. So what follows in
the stage does not depend on which of its last calls were sent first. A closed stage counts as having used all of its limits
where the share of a later stage is computed, for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from promptwire.errors import LimitReached
from promptwire.gateway.call_count import CallCount
from promptwire.limits import Limits

if TYPE_CHECKING:
    from promptwire.gateway.shared_budget import Hold

__all__ = ["SHARED", "Reservation", "StageBudget", "stages_around", "used_by"]

SHARED: Final = ("calls", "tokens", "usd")
"""Budgets that a stage may have. Seconds are left out: a stage that they end would give something else in every run."""


class StageBudget:
    """Budget of one run of one stage."""

    def __init__(self, path: str, limits: Limits, around: StageBudget | None = None) -> None:
        """`path` is that of the step; `around` is the stage that it is part of."""
        self.path = path
        self.limits = limits
        self.around = around
        self.count = CallCount()
        self.closed = False

    def left(self, mean_usd: float) -> Mapping[str, float]:
        """What may still be reserved, by limit. A call in flight costs `mean_usd` while the stage has completed none."""
        spent = self.count
        price = spent.mean_usd() if spent.calls else mean_usd
        used = {
            "calls": spent.calls + spent.held,
            "tokens": spent.tokens + spent.held_tokens,
            "usd": spent.usd + spent.held * price,
        }
        return {name: 0.0 if self.closed else max(0.0, limit - used[name]) for name, limit in self._limited()}

    def admit(self, calls: int, tokens: int, mean_usd: float) -> None:
        """Raise LimitReached, and close the stage, when `calls` calls of about `tokens` tokens would exceed a limit."""
        needed = {"calls": calls, "tokens": calls * tokens, "usd": 0.0}
        for name, left in self.left(mean_usd).items():
            if needed[name] > left or (name != "calls" and left <= 0):
                raise self._refusal(name)

    def check(self) -> None:
        """Raise LimitReached, and close the stage, when charges have exceeded a limit."""
        used = {"calls": 0.0, "tokens": self.count.tokens + self.count.held_tokens, "usd": self.count.usd}
        for name, limit in self._limited():
            if used[name] > limit:
                raise self._refusal(name)

    def unused(self, name: str) -> float:
        """What a closed stage leaves of its limit `name`: it counts as used."""
        count = self.count
        used = {"calls": count.calls + count.held, "tokens": count.tokens + count.held_tokens, "usd": count.usd}[name]
        return max(0.0, dict(self._limited()).get(name, 0.0) - used) if self.closed else 0.0

    def _limited(self) -> Iterator[tuple[str, float]]:
        """Name and size of each limit."""
        for name in SHARED:
            limit = getattr(self.limits, name)
            if limit is not None:
                yield name, limit

    def _refusal(self, name: str) -> LimitReached:
        self.closed = True
        limit = getattr(self.limits, name)
        size = f"{limit:.6g} dollars" if name == "usd" else f"{limit} {name}"
        hint = f"raise {name} or share in the limits of the step {self.path}: answers so far are cached"
        error = LimitReached(f"the limit of {size} of the stage {self.path} is reached", hint=hint)
        error.stage = self.path
        return error


@dataclass(frozen=True, slots=True)
class Reservation:
    """One reserved call that is not settled yet."""

    tokens: int
    """Estimated tokens, read and written."""
    role: str = ""
    """Role of the model that is called."""
    node: str = ""
    """Path of the step that it is made for."""
    stage: StageBudget | None = None
    """Innermost stage of that step; None outside stages."""
    counts: tuple[CallCount, ...] = field(default=(), compare=False, repr=False)
    """The counts that it is part of."""
    hold: Hold | None = field(default=None, compare=False, repr=False)
    """Its part in the budget of a sweep; None outside sweeps with limits of their own."""


def stages_around(stage: StageBudget | None) -> Iterator[StageBudget]:
    """`stage` and all that are around it, from the innermost outwards."""
    while stage is not None:
        yield stage
        stage = stage.around


def used_by(
    paths: Iterable[str], counts: Mapping[str, CallCount], stages: Iterable[StageBudget], *, inside: str = ""
) -> Mapping[str, float]:
    """What the steps at `paths` and inside them have used, by limit. Only steps inside the step `inside` count.

    `counts` are the calls of each step by path. A closed one of `stages` has used all of its limits.
    """
    starts = tuple(f"{path}." for path in paths)

    def counted(path: str) -> bool:
        return f"{path}.".startswith(starts) and (not inside or path.startswith(f"{inside}."))

    spent = [count for path, count in counts.items() if counted(path)]
    used = {
        "calls": float(sum(count.calls + count.held for count in spent)),
        "tokens": float(sum(count.tokens + count.held_tokens for count in spent)),
        "usd": sum(count.usd for count in spent),
    }
    closed = [stage for stage in stages if stage.closed and counted(stage.path)]
    for name in used:
        limited = [stage for stage in closed if getattr(stage.limits, name) is not None]
        outermost = [one for one in limited if not any(other in limited for other in stages_around(one.around))]
        used[name] += sum(stage.unused(name) for stage in outermost)
    return used
