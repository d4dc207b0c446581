"""Bound of a matrix: the most calls, tokens and dollars that its cells take together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from promptwire.api import plan
from promptwire.limits import SharedLimits
from promptwire.planning.plan import Plan
from promptwire.planning.step_plan import StepPlan
from promptwire.sweeps.matrix import Cell

__all__ = ["Bound", "bound_of", "within"]

_PLANNED: Final = 100
"""Most cells that are planned one by one. Of more cells, one of each kind is planned, and the others count as uncached."""
N = TypeVar("N", int, float)
Planner = Callable[[Cell], Plan]
"""Plans one cell."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that cells cost together."""

    cells: int
    """Cells to run."""
    calls: int | None
    """Upper bound of new calls; None when unknown. Cells share calls through the cache, so it is rarely reached."""
    usd: float | None
    """Estimate of US dollars for this bound; None when a price is unknown."""
    plans: tuple[Plan, ...]
    """The plans that were made: of each cell, or of one cell of each kind where there are many."""
    tokens: int | None = None
    """Estimate of tokens, read and written, for this bound; None when unknown."""
    by_cell: Mapping[str, int | None] = field(default_factory=dict)
    """Upper bound of new calls of each cell, by its key."""


def _plan(cell: Cell) -> Plan:
    return plan(cell.pipeline, cell.task, cell.options)


def bound_of(cells: Sequence[Cell], planner: Planner = _plan) -> Bound:
    """The bound of all `cells` with the present cache. No call is made. Raises what a run would raise before its first call.

    Cells of one kind differ in their seeds only, so what stops one of them stops all.
    """
    made: dict[str, Plan] = {}
    totals: list[tuple[StepPlan, int | None]] = []
    by_cell: dict[str, int | None] = {}
    for cell in cells:
        kind = cell.key if len(cells) <= _PLANNED else f"{cell.row}\n{cell.task_name}"
        known = made.get(kind)
        one = made.setdefault(kind, planner(cell)) if known is None else known
        # The cache holds other calls of another seed. None of them may be there.
        total = one.total if known is None else _uncached(one.total)
        totals.append((total, one.limit))
        by_cell[cell.key] = _calls(total, one.limit)
    return Bound(
        len(cells),
        _sum(by_cell.values()),
        _sum(total.new_usd for total, _ in totals),
        tuple(made.values()),
        _sum(_tokens(total, limit) for total, limit in totals),
        by_cell,
    )


def within(bound: Bound, limits: SharedLimits) -> Bound:
    """`bound`, where the limits of all cells are lower."""
    return replace(
        bound,
        calls=_least(bound.calls, limits.calls),
        usd=_least(bound.usd, limits.usd),
        tokens=_least(bound.tokens, limits.tokens),
    )


def _least(value: N | None, limit: N | None) -> N | None:
    known = [one for one in (value, limit) if one is not None]
    return min(known) if known else None


def _uncached(total: StepPlan) -> StepPlan:
    return total.model_copy(update={"new": total.most, "new_usd": total.usd, "cached": 0})


def _calls(total: StepPlan, limit: int | None) -> int | None:
    return _least(total.new, limit)


def _tokens(total: StepPlan, limit: int | None) -> int | None:
    """Tokens of the new calls: their share of those of all calls."""
    calls = _calls(total, limit)
    if calls == 0:
        return 0
    if total.tokens_in is None or total.tokens_out is None or not total.most or calls is None:
        return None
    return round((total.tokens_in + total.tokens_out) * min(1.0, calls / total.most))


def _sum(values: Iterable[N | None]) -> N | None:
    """Sum of `values`; None when one is unknown."""
    known = list(values)
    found = [one for one in known if one is not None]
    if len(found) < len(known):
        return None
    return sum(found[1:], found[0]) if found else None
