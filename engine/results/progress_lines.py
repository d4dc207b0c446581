"""Progress of a run as plain texts: for a log, a notebook, and the terminal, which adds colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from promptwire.results.leader import Leader
from promptwire.results.progress import Spent, View, Waiting

__all__ = [
    "LineTimer",
    "clock_text",
    "number_texts",
    "progress_line",
    "progress_lines",
    "round_texts",
    "score_text",
    "shortened",
    "wait_text",
]

_LINE_PROMPT = 60
"""Characters of the best prompt in a log line."""
_ERROR = 60
"""Characters of the error that a retry is for."""
_PROMPT = 90
"""Characters of the best prompt in a notebook."""
_STEPS = 6
"""Most steps that a notebook shows at once."""
_FIRST_LINE: Final = 10.0
"""Seconds until the first plain line, and the shortest time between two."""
_RARE: Final = 300.0
"""Longest time between two plain lines."""
_SHARE: Final = 0.1
"""The time between two plain lines, as a share of the run's time so far: a run of hours fills no log."""


class LineTimer:
    """Tells when the next plain line is due."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._next = began + _FIRST_LINE

    def is_due(self, now: float) -> bool:
        """Whether a line is due at `now`; then the next one is due later."""
        if now < self._next:
            return False
        self._next = now + min(_RARE, max(_FIRST_LINE, (now - self._began) * _SHARE))
        return True


def progress_lines(view: View) -> Iterator[str]:
    """The progress in a few lines."""
    yield "   ".join(filter(None, (view.name, *round_texts(view), clock_text(view.seconds))))
    if view.best is not None:
        yield f"best so far {score_text(view.best)}  {shortened(view.best.prompt, _PROMPT)}"
    for step in view.steps[:_STEPS]:
        yield f"  {step.path}" + (f"  {step.had:,}/{step.wanted:,} calls" if step.wanted else "")
    if len(view.steps) > _STEPS:
        yield f"  and {len(view.steps) - _STEPS} more"
    yield "   ".join(number_texts(view))
    yield from map(wait_text, view.waiting)


def progress_line(view: View) -> str:
    """The same as one line for a log."""
    parts = [clock_text(view.seconds), *round_texts(view), *number_texts(view)]
    if view.best is not None:
        parts.append(f"best {score_text(view.best)} {shortened(view.best.prompt, _LINE_PROMPT)}")
    parts += [wait_text(waiting) for waiting in view.waiting]
    return "  ".join(parts)


def clock_text(seconds: float) -> str:
    """Minutes and seconds, with hours from one hour on.

    >>> clock_text(83.9), clock_text(3723)
    ('1:23', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shortened(text: str, most: int) -> str:
    """`text` in one line of at most `most` characters, in quotation marks.

    >>> shortened("Name\\nthe color of it.", 16)
    '"Name the co..."'
    """
    line = " ".join(text.split())
    return f'"{line}"' if len(line) + 2 <= most else f'"{line[: max(1, most - 5)]}..."'


def round_texts(view: View) -> list[str]:
    """The rounds of the loops at work, outer ones first."""
    return [f"{loop.path}: round {loop.round} of {loop.of}" for loop in view.loops]


def score_text(best: Leader) -> str:
    """Score of the leader and the number of its examples."""
    return f"{best.score:.3f} (n={best.n})"


def number_texts(view: View) -> Iterator[str]:
    """Yield calls, their rate, requests in flight, budgets and the time left."""
    total = view.total
    share = f" ({total.cached / (total.cached + total.new):.0%})" if total.cached else ""
    failed = f", {total.failed:,} failed" if total.failed else ""
    yield f"{total.new:,} new calls, {total.cached:,} from cache{share}{failed}"
    if view.rate is not None:
        yield f"{view.rate:.1f} calls/s"
    cut = "".join(f", {name} takes {most} at once" for name, most in view.throttled.items())
    if view.in_flight is not None:
        yield f"{view.in_flight:,} in flight{cut}"
    yield from map(_spent, view.spent)
    if view.left is not None:
        yield f"at most {clock_text(view.left)} left"


def _spent(spent: Spent) -> str:
    if spent.name == "usd":
        paid = "cost unknown" if spent.spent is None else f"${spent.spent:.4f}"
        return paid if spent.limit is None else f"{paid} of ${spent.limit:g}"
    if spent.name == "seconds":
        return f"{clock_text(spent.spent or 0)} of {clock_text(spent.limit or 0)}"
    number = f"{spent.spent:,.0f}" if spent.limit is None else f"{spent.spent:,.0f} of {spent.limit:,.0f}"
    return f"{number} {spent.name}"


def wait_text(waiting: Waiting) -> str:
    """What requests wait for, and how long."""
    if waiting.why == "opening":
        return f"{waiting.model} is being opened"
    when = "" if waiting.seconds is None else f" in {clock_text(waiting.seconds + 0.999)}"
    requests = "1 request" if waiting.requests == 1 else f"{waiting.requests} requests"
    if waiting.why == "rate limit":
        return f"{requests} to {waiting.model} waiting for the rate limit, the next is sent{when}"
    error = f": {waiting.detail.splitlines()[0][:_ERROR]}" if waiting.detail else ""
    return f"{requests} to {waiting.model} will be sent again, the next{when}{error}"
