"""Calls, tokens and counts of a run by node, and samples of replies that could not be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptwire.page.values import PageStep, PageUnreadable
from promptwire.results.asked import Asked
from promptwire.results.report import UNREADABLE
from promptwire.results.run import Run

__all__ = ["page_steps", "page_unreadable", "page_usage"]

_SAMPLES = 5
"""Most unreadable replies of a step that are shown."""


def page_steps(run: Run) -> tuple[PageStep, ...]:
    """Return the nodes that called a model or counted something, in the order in which they began."""
    spent = run.usage
    counts = run.report.counts if run.report else {}
    times: dict[str, list[float]] = defaultdict(list)
    for step in run.steps:
        times[step.path].append(step.seconds or 0.0)
    paths = [path for path in dict.fromkeys((*times, *spent, *counts)) if path in spent or path in counts]
    return tuple(_step(path, spent.get(path), times.get(path, ()), counts.get(path, {})) for path in paths)


def _step(path: str, spent: Any, times: Sequence[float], counts: Mapping[str, int]) -> PageStep:
    seconds = round(sum(times), 2) if times else None
    if spent is None:
        return PageStep(path, seconds=seconds, runs=len(times), counts=counts)
    values = (spent.new, spent.cached, spent.failed, spent.tokens, spent.usd)
    return PageStep(path, *values, seconds=seconds, runs=len(times), counts=counts)


def page_usage(run: Run, steps: Sequence[PageStep]) -> dict[str, Any]:
    """Return calls, tokens and dollars of the whole run. Without a report they are the sums over the nodes."""
    report = run.report
    new, cached, failed = (sum(getattr(step, name) for step in steps) for name in ("new", "cached", "failed"))
    found: dict[str, Any] = {"path": "all", "new": new, "cached": cached, "failed": failed, "seconds": None, "counts": {}}
    if report is not None:
        found |= {"new": report.calls.new, "cached": report.calls.cached, "failed": report.calls.failed}
        found |= {"tokens_in": report.tokens_in, "tokens_out": report.tokens_out, "usd": report.cost_usd}
        found["tokens"] = report.tokens_in + report.tokens_out
    else:
        found |= {"tokens_in": None, "tokens_out": None}
        found |= {"tokens": _sum(step.tokens for step in steps), "usd": _sum(step.usd for step in steps)}
    total = found["new"] + found["cached"]
    found["saved"] = f"The cache gave {found['cached']:,} of {total:,} completions, which cost nothing." if total else ""
    return found


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def page_unreadable(run: Run, asked: Sequence[Asked]) -> tuple[PageUnreadable, ...]:
    """Return the steps with replies that could not be read, and some of these replies."""
    samples: dict[str, list[str]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for one in asked:
        for reply in one.replies:
            if not reply.readable and not reply.answers:
                seen[one.path] += 1
                if reply.text is not None and len(samples[one.path]) < _SAMPLES and reply.text not in samples[one.path]:
                    samples[one.path].append(reply.text)
    counts = run.report.counts if run.report else {}
    totals = {path: max(seen[path], counts.get(path, {}).get(UNREADABLE, 0)) for path in (*counts, *seen)}
    return tuple(PageUnreadable(path, total, tuple(samples[path])) for path, total in totals.items() if total)
