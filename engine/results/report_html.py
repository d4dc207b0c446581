"""Report of a run as a piece of HTML, for a notebook. All text is escaped; nothing in it asks a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from promptwire.results.report import Report, Score
from promptwire.results.verdict_text import verdict_details, verdict_line, with_verdict_interval

if TYPE_CHECKING:
    from promptwire.results.run import Run

__all__ = ["report_html", "run_html"]

_CELL = "text-align:left;padding:2px 12px 2px 0;vertical-align:top"
_PROMPT = "white-space:pre-wrap;margin:0;text-align:left"


def report_html(report: Report) -> str:
    """The report as one `<div>`: verdict, both prompts, scores with intervals, calls, cost and notes."""
    models = ", ".join(dict.fromkeys(report.models.values()))
    head = f"<b>{escape(report.pipeline)}</b> on <b>{escape(report.task)}</b>, {escape(models)}, seed {report.seed}"
    verdict = f"<p><b>{escape(verdict_line(report))}</b></p>" if report.verdict else ""
    return f"<div>{verdict}<p>{head}</p>{_prompts(report)}{_scores(report)}{''.join(_footnotes(report))}</div>"


def run_html(run: Run) -> str:
    """The report of the run; without one, how the run ended and its best prompt so far."""
    if run.report is not None:
        return report_html(run.report)
    settings, state = run.settings, run.state
    why = f": {state.why}" if state.why else ""
    head = f"<p><b>{escape(settings.pipeline)}</b> on <b>{escape(settings.task)}</b>, {escape(state.kind + why)}</p>"
    found = [("initial", run.initial), ("best so far", run.best)]
    rows = [(name, f'<pre style="{_PROMPT}">{escape(one.text or "(empty)")}</pre>') for name, one in found if one]
    return f"<div>{head}{_table('', rows) if rows else ''}<p>{escape(str(run.folder))}</p></div>"


def _prompts(report: Report) -> str:
    rows = [("initial", report.initial_prompt or "(empty)"), ("best", report.prompt or "(empty)")]
    rows += [(f"shot {number}", f"{demo.text}\n{demo.output}") for number, demo in enumerate(report.demos, 1)]
    rows += [(escape(name), text) for name, text in report.companions.items()]
    return _table("", [(name, f'<pre style="{_PROMPT}">{escape(text)}</pre>') for name, text in rows])


def _scores(report: Report) -> str:
    heads = (escape(report.metric), "initial", "best", "gain")
    test = with_verdict_interval(report)
    named = (("held-out", test), ("train", report.train))
    rows = [(f"{name} (n={sides.best.n})", *_sides(sides.initial, sides.best, sides.gain)) for name, sides in named]
    rows += [(escape(f"{one.metric}, held-out"), *_sides(one.initial, one.best, one.gain)) for one in test.watched]
    head = "".join(f'<th scope="col" style="{_CELL}">{one}</th>' for one in heads)
    return _table(f"<thead><tr>{head}</tr></thead>", rows)


def _sides(initial: Score, best: Score, gain: Score) -> tuple[str, str, str]:
    return _number(initial), _number(best), _number(gain, "+")


def _number(score: Score, sign: str = "") -> str:
    if score.score is None:
        return "" if sign else "not scored"
    interval = "" if score.low is None or score.high is None else f" [{score.low:.2f}, {score.high:.2f}]"
    return f"{score.score:{sign}.3f}{interval}"


def _table(head: str, rows: Sequence[tuple[str, ...]]) -> str:
    """A table; the first cell of each row heads it. The cells are HTML."""
    body = "".join(
        f'<tr><th scope="row" style="{_CELL}">{first}</th>{"".join(f"<td style={_CELL!r}>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _footnotes(report: Report) -> Iterator[str]:
    calls = report.calls
    cost = "cost unknown" if report.cost_usd is None else f"${report.cost_usd:.4f}"
    lines = list(verdict_details(report))
    lines += [f"{calls.new:,} new calls, {calls.cached:,} from cache, {calls.failed:,} failed, {cost}, {report.seconds:.1f} s"]
    lines += [f"stopped early: {report.limit}"] if report.limit else []
    lines += [*report.notes, f"intervals are 95%; run folder {report.run}"]
    yield from (f"<p>{escape(line)}</p>" for line in lines)
