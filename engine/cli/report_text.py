"""Report of a run as text for the terminal, through Rich."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from promptwire.cli.console import safe_text
from promptwire.results.report import Comparison, Report, Score, SearchSummary
from promptwire.results.verdict_text import verdict_details, verdict_line, with_verdict_interval
from promptwire.security.sanitizer import sanitize
from promptwire.stats.verdict import NO_VALUE_REASON, VerdictKind
from promptwire.values.notes import read_note

__all__ = ["print_report"]

_COLORS: Final[Mapping[VerdictKind, str]] = {
    "better": "green",
    "worse": "red",
    "not shown": "yellow",
    "same prompt": "yellow",
    "not scored": "red",
}
_SHOWN_LABELS: Final = 8
"""Most labels of a confusion table that is printed."""
_SHOWN_COPIES = 3
"""Most copied passages that are shown."""
_NARROW = 84
"""Width in columns below which an interval is printed under its score, so that neither is cut."""


def print_report(report: Report, console: Console) -> None:
    """Print the report."""
    if report.verdict is not None:
        console.print(safe_text(verdict_line(report), style=f"bold {_COLORS[report.verdict.kind]}"))
    models = ", ".join(dict.fromkeys(report.models.values()))
    repeats = f", {report.repeats} answers per held-out example" if report.repeats > 1 else ""
    settings = f"   {models}, seed {report.seed}{repeats}"
    console.print(_assembled((report.pipeline, "bold"), " on ", (report.task, "bold"), settings))
    console.print()
    prompts = Table.grid(padding=(0, 2))
    prompts.add_row(Text("initial", style="dim"), safe_text(report.initial_prompt or "(empty)"))
    prompts.add_row(Text("best", style="green"), safe_text(report.prompt or "(empty)", style="bold"))
    for number, demo in enumerate(report.demos, 1):
        prompts.add_row(Text(f"shot {number}", style="green"), safe_text(f"{demo.text}\n{demo.output}"))
    for name, text in report.companions.items():
        prompts.add_row(Text(name, style="green"), safe_text(text))
    console.print(prompts)
    console.print()
    if report.verdict is None or report.verdict.reason != NO_VALUE_REASON:
        console.print(_scores(report, "\n" if console.is_terminal and console.width < _NARROW else " "))
        console.print()
    for table in _confusion(report.test):
        console.print(table)
        console.print()
    for detail in verdict_details(report):
        console.print(safe_text(detail))
    for line in _footnotes(report):
        console.print(line)


def _scores(report: Report, gap: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in (sanitize(report.metric), "initial", "best", "gain"):
        table.add_column(heading, overflow="fold")
    train = [("train", report.train)] if report.metric != "preference" else []
    for name, sides in (("held-out", with_verdict_interval(report)), *train):
        cells = (_cell(side, gap) for side in (sides.initial, sides.best))
        table.add_row(f"{name}{gap}(n={sides.best.n})", *cells, _gain(sides.gain, gap))
    for watched in report.test.watched:
        cells = (_cell(side, gap) for side in (watched.initial, watched.best))
        table.add_row(f"{sanitize(watched.metric)},{gap}held-out", *cells, _gain(watched.gain, gap))
    return table


def _confusion(test: Comparison) -> Iterator[RenderableType]:
    """The confusion table of the best prompt on held-out examples, or why it is not printed."""
    found = next((one for one in (test.confusion, *(watched.confusion for watched in test.watched)) if one is not None), None)
    if found is None or not found.labels:
        return
    if len(found.labels) > _SHOWN_LABELS:
        yield Text(f"confusion table of {len(found.labels)} labels: see `confusion` in --json", style="dim")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title_justify="left", title_style="dim")
    table.title = "held-out answers of the best prompt"
    for heading in ("right label", *found.labels, "unreadable"):
        table.add_column(safe_text(heading), overflow="fold")
    for label, row in zip(found.labels, found.best, strict=True):
        cells = (
            Text(str(count), style="green" if place == found.labels.index(label) else "") for place, count in enumerate(row)
        )
        table.add_row(safe_text(label), *cells)
    yield table


def _cell(score: Score, gap: str) -> Text:
    if score.score is None:
        return Text("not scored", style="dim")
    return Text.assemble((f"{score.score:.3f}", "bold"), (_interval(score, gap), "dim"))


def _gain(gain: Score, gap: str) -> Text:
    if gain.score is None:
        return Text("")
    significant = gain.low is not None and gain.high is not None and gain.low * gain.high > 0
    style = "yellow" if not significant else "green" if gain.score > 0 else "red"
    return Text.assemble((f"{gain.score:+.3f}", style), (_interval(gain, gap), "dim"))


def _interval(score: Score, gap: str) -> str:
    """The interval as text; empty if there is none."""
    return "" if score.low is None or score.high is None else f"{gap}[{score.low:.2f}, {score.high:.2f}]"


def _footnotes(report: Report) -> Iterator[Text]:
    calls = report.calls
    cost = "cost unknown" if report.cost_usd is None else f"${report.cost_usd:.4f}"
    numbers = f"{calls.new:,} new calls, {calls.cached:,} from cache, {calls.failed:,} failed   {cost}   {report.seconds:.1f} s"
    yield Text(numbers)
    if report.search:
        yield from _copies(report.search)
    if report.limit:
        yield safe_text(f"stopped early: {report.limit}", style="yellow")
    for path, counts in report.counts.items():
        yield safe_text(f"{path}: " + ", ".join(f"{n} {what}" for what, n in counts.items()), style="dim")
    for note in report.notes:
        yield safe_text(note, style="yellow" if read_note(note).severity == "warning" else "dim")
    yield (
        _assembled(("intervals are 95%; run folder ", "dim"), report.run)
        if report.run
        else safe_text("intervals are 95%", style="dim")
    )


def _copies(search: SearchSummary) -> Iterator[Text]:
    """Candidates that copy training examples; nothing when there are none."""
    if search.copied:
        shown = ", ".join(repr(one) for one in search.copied[:_SHOWN_COPIES])
        more = f" and {len(search.copied) - _SHOWN_COPIES} more" if len(search.copied) > _SHOWN_COPIES else ""
        yield safe_text(f"the best prompt copies training examples: {shown}{more}", style="yellow")
    if search.copying:
        yield safe_text(f"{search.copying} of {search.candidates} candidates copy training examples", style="dim")


def _assembled(*parts: str | tuple[str, str]) -> Text:
    """Join parts, of which some have a style, and sanitize them."""
    return Text.assemble(*(sanitize(part) if isinstance(part, str) else (sanitize(part[0]), part[1]) for part in parts))
