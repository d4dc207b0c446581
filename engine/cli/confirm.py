"""Confirmation of a run's cost: shows the plan before the first call, and asks above a price."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from promptwire.cli.progress import ProgressDisplay
    from promptwire.planning.dry_run import ApproveCost
    from promptwire.planning.plan import Plan

__all__ = ["DEFAULT_ABOVE", "AskAbove", "ConfirmPolicy", "Yes"]

DEFAULT_ABOVE = 1.0
"""US dollars that a run may cost without a question."""
_UNPRICED_CALLS = 200
"""Calls of a hosted model without a known price that a run may make without a question."""

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Approve any cost without a question.")]
AskAbove = Annotated[
    float,
    typer.Option(
        metavar="USD",
        min=0,
        envvar="PROMPTWIRE_ASK_ABOVE",
        help="Ask before a run that may cost more; see `promptwire plan`.",
    ),
]


@dataclass(frozen=True, slots=True)
class ConfirmPolicy:
    """When to ask for approval of a cost."""

    yes: bool
    """Never ask."""
    above: float
    """Ask if the run may cost more than this many US dollars."""

    def approver(self, display: ProgressDisplay | None, warn: Callable[[str], None] | None = None) -> ApproveCost:
        """Callback for the first new call: shows the plan and its warnings on `display`, and asks if the policy says so.

        Without a display, `warn` gets each warning.
        """
        from promptwire.cli.plan_text import plan_line
        from promptwire.values.notes import read_note

        def approve(plan: Plan) -> None:
            warnings = [note for note in plan.notes if read_note(note).severity == "warning"]
            if display is not None:
                for text in (plan_line(plan), *warnings):
                    display.say(text)
            elif warn is not None:
                for text in warnings:
                    warn(text)
            reason = "" if self.yes else self.reason(plan)
            if reason:
                with display.paused() if display is not None else nullcontext():
                    _ask(plan, reason)

        return approve

    def reason(self, plan: Plan) -> str:
        """Why to ask about this plan; empty if there is no need."""
        new, usd = plan.total.new, plan.total.new_usd
        if usd is not None:
            return f"the run may cost more than ${self.above:g}" if usd > self.above else ""
        if plan.hosted and (new is None or new > _UNPRICED_CALLS):
            unknown = "; ".join(f"{name}: {source}" for name, source in plan.prices.items())
            return f"the cost is unknown ({unknown})"
        return ""


def _ask(plan: Plan, reason: str) -> None:
    """Raise NotApproved unless the user at the terminal says yes."""
    from promptwire.cli.plan_text import plan_line
    from promptwire.planning.dry_run import NotApproved

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        hint = "--yes approves it, --limit calls=N bounds it, --ask-above USD moves the threshold; `promptwire plan` shows more"
        raise NotApproved(f"{plan_line(plan)}: {reason}, and there is no terminal to ask on", hint=hint)
    try:
        with _interruptible():
            agreed = typer.confirm(f"{reason[0].upper()}{reason[1:]}. Continue?", err=True)
    except (typer.Abort, KeyboardInterrupt, EOFError):
        agreed = False
    if not agreed:
        raise NotApproved("not approved: no call was made, no money spent", hint="--limit calls=N or usd=N bounds a run")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the question. The handler of the running event loop would hold back the first one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
