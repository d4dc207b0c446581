"""Approval of the bound of many runs together: printed once, and asked about once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptwire.cli.confirm import ConfirmPolicy
    from promptwire.planning.plan import Plan
    from promptwire.sweeps.bound import Bound

__all__ = ["approve_bound", "bound_text"]


def bound_text(bound: Bound, *, tokens: bool = False) -> str:
    """The bound in one line: calls, tokens if asked for and known, and dollars."""
    calls = "an unknown number of" if bound.calls is None else f"at most {bound.calls:,}"
    price = "price unknown" if bound.usd is None else f"about ${bound.usd:,.2f}"
    about = f"about {bound.tokens:,} tokens, " if tokens and bound.tokens is not None else ""
    return f"{calls} new calls together, {about}{'free of charge' if _is_free(bound) and bound.usd == 0 else price}"


def approve_bound(bound: Bound, head: str, policy: ConfirmPolicy, *, tokens: bool = False) -> None:
    """Print the bound after `head`, and the plans' warnings, and ask as `run` does. Raises NotApproved."""
    from promptwire.values.notes import read_note

    sys.stderr.write(f"{head}: {bound_text(bound, tokens=tokens)}\n")
    for note in dict.fromkeys(f"{plan.task}: {read_note(note).text}" for plan in bound.plans for note in _warnings(plan)):
        sys.stderr.write(f"{note}\n")
    total = bound.plans[0].total.model_copy(update={"new": bound.calls, "new_usd": bound.usd})
    prices = {name: source for plan in bound.plans for name, source in plan.prices.items()}
    whole = bound.plans[0].model_copy(update={"total": total, "hosted": not _is_free(bound), "prices": prices})
    policy.approver(None)(whole)


def _is_free(bound: Bound) -> bool:
    return all(not plan.hosted for plan in bound.plans)


def _warnings(plan: Plan) -> list[str]:
    from promptwire.values.notes import read_note

    return [note for note in plan.notes if read_note(note).severity == "warning"]
