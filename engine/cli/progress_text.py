"""Progress of a run as text: a few lines for a terminal, one line for a log."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from promptwire.cli.console import safe_text
from promptwire.results.progress import Leader, Spent, Step, View, Waiting
from promptwire.security.sanitizer import sanitize

__all__ = ["clock_text", "progress_block", "progress_line"]

_STEPS = 6
"""Most steps that are shown at once."""
_LINE_PROMPT = 60
"""Characters of the best prompt in a log line."""
_GAP = "   "
"""What stands between two numbers."""
_ERROR = 60
"""Characters of the error that a retry is for."""


def progress_block(view: View, width: int) -> Group:
    """The moving part of a terminal that is `width` columns wide."""
    lines: list[Text | Table] = [_head(view)]
    if view.best is not None:
        lines.append(_best(view.best, width))
    if view.steps:
        lines.append(_steps(view.steps))
    lines += [Text(line, style="dim") for line in _filled(_numbers(view), width)]
    lines += [_wait(waiting) for waiting in view.waiting]
    return Group(*lines)


def progress_line(view: View) -> Text:
    """The same as one line for a log."""
    parts = [clock_text(view.seconds), *_rounds(view), *_numbers(view)]
    if view.best is not None:
        parts.append(f"best {_score(view.best)} {shortened(view.best.prompt, _LINE_PROMPT)}")
    parts += [_wait(waiting).plain for waiting in view.waiting]
    return safe_text("  ".join(parts), style="dim")


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


def _head(view: View) -> Text:
    parts = [(sanitize(view.name), "bold"), ("   " if view.name else "", "")]
    parts += [(sanitize(f"{text}   "), "") for text in _rounds(view)]
    return Text.assemble(*parts, (clock_text(view.seconds), "dim"))


def _rounds(view: View) -> list[str]:
    return [f"{loop.path}: round {loop.round} of {loop.of}" for loop in view.loops]


def _best(best: Leader, width: int) -> Text:
    head = f"best so far {_score(best)}  "
    return Text.assemble((head, "green"), sanitize(shortened(best.prompt, max(20, width - len(head)))))


def _score(best: Leader) -> str:
    return f"{best.score:.3f} (n={best.n})"


def _steps(steps: tuple[Step, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    for step in steps[:_STEPS]:
        calls = f"{step.had:,}/{step.wanted:,} calls" if step.wanted else ""
        times = f"{step.runs} at once" if step.runs > 1 else ""
        table.add_row(safe_text(f"  {step.path}", style="cyan"), Text(calls), Text(times, style="dim"))
    if len(steps) > _STEPS:
        table.add_row(Text(f"  and {len(steps) - _STEPS} more", style="dim"))
    return table


def _numbers(view: View) -> Iterator[str]:
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


def _filled(parts: Iterator[str], width: int) -> list[str]:
    """`parts` side by side in lines of at most `width` characters; none is broken unless it is longer than a line."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(_GAP) + len(part) <= width:
            lines[-1] += _GAP + part
        else:
            lines.append(part)
    return lines


def _spent(spent: Spent) -> str:
    if spent.name == "usd":
        paid = "cost unknown" if spent.spent is None else f"${spent.spent:.4f}"
        return paid if spent.limit is None else f"{paid} of ${spent.limit:g}"
    if spent.name == "seconds":
        return f"{clock_text(spent.spent or 0)} of {clock_text(spent.limit or 0)}"
    number = f"{spent.spent:,.0f}" if spent.limit is None else f"{spent.spent:,.0f} of {spent.limit:,.0f}"
    return f"{number} {spent.name}"


def _wait(waiting: Waiting) -> Text:
    if waiting.why == "opening":
        return safe_text(f"{waiting.model} is being opened", style="yellow")
    when = "" if waiting.seconds is None else f" in {clock_text(waiting.seconds + 0.999)}"
    requests = "1 request" if waiting.requests == 1 else f"{waiting.requests} requests"
    if waiting.why == "rate limit":
        return safe_text(f"{requests} to {waiting.model} waiting for the rate limit, the next is sent{when}", style="yellow")
    error = f": {waiting.detail.splitlines()[0][:_ERROR]}" if waiting.detail else ""
    return safe_text(f"{requests} to {waiting.model} will be sent again, the next{when}{error}", style="yellow")
