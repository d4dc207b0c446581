"""Progress of a run for a terminal: a few lines with colours."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from promptwire.cli.console import safe_text
from promptwire.results.leader import Leader
from promptwire.results.progress import Step, View
from promptwire.results.progress_lines import clock_text, number_texts, round_texts, score_text, shortened, wait_text
from promptwire.security.sanitizer import sanitize

__all__ = ["progress_block"]

_STEPS = 6
"""Most steps that are shown at once."""
_GAP = "   "
"""What stands between two numbers."""


def progress_block(view: View, width: int) -> Group:
    """The moving part of a terminal that is `width` columns wide."""
    lines: list[Text | Table] = [_head(view)]
    if view.best is not None:
        lines.append(_best(view.best, width))
    if view.steps:
        lines.append(_steps(view.steps))
    lines += [Text(line, style="dim") for line in _filled(number_texts(view), width)]
    lines += [safe_text(wait_text(waiting), style="yellow") for waiting in view.waiting]
    return Group(*lines)


def _head(view: View) -> Text:
    parts = [(sanitize(view.name), "bold"), ("   " if view.name else "", "")]
    parts += [(sanitize(f"{text}   "), "") for text in round_texts(view)]
    return Text.assemble(*parts, (clock_text(view.seconds), "dim"))


def _best(best: Leader, width: int) -> Text:
    head = f"best so far {score_text(best)}  "
    return Text.assemble((head, "green"), sanitize(shortened(best.prompt, max(20, width - len(head)))))


def _steps(steps: tuple[Step, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    for step in steps[:_STEPS]:
        calls = f"{step.had:,}/{step.wanted:,} calls" if step.wanted else ""
        times = f"{step.runs} at once" if step.runs > 1 else ""
        table.add_row(safe_text(f"  {step.path}", style="cyan"), Text(calls), Text(times, style="dim"))
    if len(steps) > _STEPS:
        table.add_row(Text(f"  and {len(steps) - _STEPS} more", style="dim"))
    return table


def _filled(parts: Iterator[str], width: int) -> list[str]:
    """`parts` side by side in lines of at most `width` characters; none is broken unless it is longer than a line."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(_GAP) + len(part) <= width:
            lines[-1] += _GAP + part
        else:
            lines.append(part)
    return lines
