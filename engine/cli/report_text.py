"""What a person sees: progress while a run works, and its report at the end. The only file that knows Rich.

Progress goes to standard error and the report to standard output, so that a pipe gets the report alone. What a model or a file
said is printed as text and never as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from promptwire.results.report import Comparison, Report, Score
from promptwire.security.sanitizer import sanitize

__all__ = ["SafeConsole", "print_report", "print_table", "safe_console"]

_NARROW = 84
"""Columns below which an interval stands under its score, so that neither is cut."""


class SafeConsole(Console):
    """A console that sanitizes all text that it renders. Only Rich's own codes reach the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments of `renderable`, sanitized and without links."""
        for text, style, control in super().render(renderable, options):
            if control:
                yield Segment(text, style, control)
            else:
                # Rich decodes what a library prints beside the progress display: a link of it would become an escape again.
                yield Segment(sanitize(text), style.update_link(None) if style is not None and style.link else style)


def safe_console(*, stderr: bool = False) -> SafeConsole:
    """Standard output or standard error for people; long lines of standard output are the terminal's to wrap."""
    return SafeConsole(stderr=stderr, highlight=False, soft_wrap=not stderr)


def print_report(report: Report, console: Console) -> None:
    """The report as a person reads it."""
    models = ", ".join(dict.fromkeys(report.models.values()))
    console.print(_assembled((report.pipeline, "bold"), " on ", (report.task, "bold"), f"   {models}, seed {report.seed}"))
    console.print()
    prompts = Table.grid(padding=(0, 2))
    prompts.add_row(Text("initial", style="dim"), _text(report.initial_prompt or "(empty)"))
    prompts.add_row(Text("best", style="green"), _text(report.prompt or "(empty)", style="bold"))
    for number, demo in enumerate(report.demos, 1):
        prompts.add_row(Text(f"shot {number}", style="green"), _text(f"{demo.text}\n{demo.output}"))
    console.print(prompts)
    console.print()
    console.print(_scores(report, "\n" if console.is_terminal and console.width < _NARROW else " "))
    console.print()
    for line in _footnotes(report):
        console.print(line)


def _scores(report: Report, gap: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in (sanitize(report.metric), "initial", "best", "gain"):
        table.add_column(heading, overflow="fold")
    for name, sides in (("held-out", report.test), ("train", report.train)):
        cells = (_cell(side, gap) for side in (sides.initial, sides.best))
        table.add_row(f"{name}{gap}(n={sides.best.n})", *cells, _gain(sides, gap))
    return table


def _cell(score: Score, gap: str) -> Text:
    if score.score is None:
        return Text("not scored", style="dim")
    return Text.assemble((f"{score.score:.3f}", "bold"), (_interval(score, gap), "dim"))


def _gain(sides: Comparison, gap: str) -> Text:
    gain = sides.gain
    if gain.score is None:
        return Text("")
    sure = gain.low is not None and gain.high is not None and gain.low * gain.high > 0
    style = "yellow" if not sure else "green" if gain.score > 0 else "red"
    return Text.assemble((f"{gain.score:+.3f}", style), (_interval(gain, gap), "dim"))


def _interval(score: Score, gap: str) -> str:
    """The interval; nothing when there is none."""
    return "" if score.low is None or score.high is None else f"{gap}[{score.low:.2f}, {score.high:.2f}]"


def _footnotes(report: Report) -> Iterator[Text]:
    calls = report.calls
    cost = "cost unknown" if report.cost_usd is None else f"${report.cost_usd:.4f}"
    numbers = f"{calls.new:,} new calls, {calls.cached:,} from cache, {calls.failed:,} failed   {cost}   {report.seconds:.1f} s"
    yield Text(numbers)
    if report.limit:
        yield _text(f"stopped early: {report.limit}", style="yellow")
    for path, counts in report.counts.items():
        yield _text(f"{path}: " + ", ".join(f"{n} {what}" for what, n in counts.items()), style="dim")
    for note in report.notes:
        yield _text(note, style="yellow" if note.startswith("warning") else "dim")
    yield _assembled(("intervals are 95%; run folder ", "dim"), report.run)


def print_table(rows: Sequence[tuple[str, ...]], heads: tuple[str, ...], console: Console) -> None:
    """A plain table."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_header=any(heads))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(_text(cell) for cell in row))
    console.print(table)


def _text(text: str, style: str = "") -> Text:
    """`text` as Rich's text, sanitized before it is laid out."""
    return Text(sanitize(text), style=style)


def _assembled(*parts: str | tuple[str, str]) -> Text:
    """`parts`, some of them with a style, sanitized and joined."""
    return Text.assemble(*(sanitize(part) if isinstance(part, str) else (sanitize(part[0]), part[1]) for part in parts))
