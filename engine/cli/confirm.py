"""`run` says what it will ask before it asks, and above a price it wants to hear a yes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
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
"""US dollars that a run may cost before it asks."""
BLIND = 200
"""Calls of a hosted model without a known price that a run may make before it asks."""

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask, whatever it costs.")]
AskAbove = Annotated[
    float,
    typer.Option(
        metavar="USD", min=0, envvar="PROMPTWIRE_ASK_ABOVE", help="Ask first when the run may cost more; see `promptwire plan`."
    ),
]


@dataclass(frozen=True, slots=True)
class ConfirmPolicy:
    """When to ask."""

    yes: bool
    """Never."""
    above: float
    """From this many dollars on."""

    def consent(self, watcher: ProgressDisplay | None) -> ApproveCost:
        """What a run asks before its first call: it says the plan to `watcher`, and asks when it is dear."""
        from promptwire.cli.plan import in_short

        def agree(plan: Plan) -> None:
            if watcher is not None:
                watcher.say(in_short(plan))
            why = "" if self.yes else self.dear(plan)
            if why:
                with watcher.paused() if watcher is not None else nullcontext():
                    _ask(plan, why)

        return agree

    def dear(self, plan: Plan) -> str:
        """Why this plan needs a yes; empty when it does not."""
        new, usd = plan.total.new, plan.total.new_usd
        if usd is not None:
            return f"that may cost more than ${self.above:g}" if usd > self.above else ""
        if plan.hosted and (new is None or new > BLIND):
            unknown = "; ".join(f"{name}: {source}" for name, source in plan.prices.items())
            return f"nobody knows what that costs ({unknown})"
        return ""


def _ask(plan: Plan, why: str) -> None:
    """Raise Declined unless a person at the terminal says yes."""
    from promptwire.cli.plan import in_short
    from promptwire.planning.dry_run import NotApproved

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        hint = "--yes goes ahead, --limit calls=N bounds it, --ask-above USD asks later; `promptwire plan` says more"
        raise NotApproved(f"{in_short(plan)}: {why}, and nobody is here to be asked", hint=hint)
    try:
        with _interruptible():
            agreed = typer.confirm(f"{why[0].upper()}{why[1:]}. Go ahead?", err=True)
    except (typer.Abort, KeyboardInterrupt, EOFError):
        agreed = False
    if not agreed:
        raise NotApproved("nothing was asked and nothing spent", hint="--limit calls=N or usd=N bounds a run")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the question; a running event loop would keep the first one to itself."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
