"""The verdict of a run as the page shows it: its sentence, its figures and the lines that support them."""

from __future__ import annotations

from typing import Any

from promptwire.results.heldout_rows import groups_of
from promptwire.results.report import Report
from promptwire.results.run import Run
from promptwire.results.verdict_text import verdict_details, verdict_line
from promptwire.stats.verdict import paired_verdict

__all__ = ["page_verdict"]


def page_verdict(run: Run) -> dict[str, Any] | None:
    """Return the verdict of `run` with its sentence and the lines that support it; None before the comparison.

    For a report of an earlier version, which has none, it is made from the values of the held-out rows.
    """
    report = run.report
    if report is None:
        return None
    judged = report if report.verdict is not None else _judged(run, report)
    if judged.verdict is None:
        return None
    details = [_sentence(line) for line in verdict_details(judged)]
    return {**judged.verdict.model_dump(mode="json"), "sentence": _sentence(verdict_line(judged)), "details": details}


def _judged(run: Run, report: Report) -> Report:
    rows = run.rows("test")
    if not rows:
        return report
    same = run.initial is not None and run.best is not None and run.initial.id == run.best.id
    values = [row.initial.value for row in rows], [row.best.value for row in rows]
    known = groups_of(rows, run.settings.group)
    groups = [known[row.id] for row in rows] if len(known) == len(rows) else None
    verdict = paired_verdict(*values, groups=groups, same_prompt=same)
    return report.model_copy(update={"verdict": verdict})


def _sentence(line: str) -> str:
    return f"{line[:1].upper()}{line[1:]}."
