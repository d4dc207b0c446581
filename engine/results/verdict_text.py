"""The verdict of a report in words: one sentence, and the lines that support it."""

from __future__ import annotations

from collections.abc import Iterator

from promptwire.results.report import Comparison, Report
from promptwire.stats.verdict import NO_VALUE_REASON, Verdict

__all__ = ["verdict_details", "verdict_line", "with_verdict_interval"]

_SAME = 1e-9
"""Scores that differ by less are equal: floats are added in another order."""


def verdict_line(report: Report) -> str:
    """The verdict in one sentence; empty for a report of an earlier version."""
    found = report.verdict
    if found is None:
        return ""
    if found.kind == "not scored":
        why = found.reason if found.reason == NO_VALUE_REASON else "no held-out example was scored with both prompts"
        return f"not scored: {why}"
    where = f"on {_examples(found)}"
    if found.kind == "same prompt":
        score = "" if report.test.best.score is None else f", which scores {report.test.best.score:.3f} {where}"
        return f"no improvement: the initial prompt is returned{score}"
    words = {"better": "better", "worse": "worse than the initial prompt", "not shown": "not shown to be better"}[found.kind]
    return f"{words} {where}: {_gain(found)}"


def verdict_details(report: Report) -> Iterator[str]:
    """Lines that support the verdict."""
    found = report.verdict
    if found is None or found.kind == "not scored":
        return
    if found.kind != "same prompt":
        # Half a point more is not fixed: only right and wrong answers are.
        graded = report.repeats > 1 or found.test == "sign-flip"
        more, less = ("with a higher value", "with a lower one") if graded else ("fixed", "broken")
        yield f"{found.fixed:,} {more}, {found.broken:,} {less}, {found.n - found.fixed - found.broken:,} as before"
        yield _power(found)
    yield from _optimism(report, found)


def with_verdict_interval(report: Report) -> Comparison:
    """The held-out scores, with the verdict's interval of the gain, so that both never differ."""
    found, test = report.verdict, report.test
    if found is None:
        return test
    return test.model_copy(update={"gain": test.gain.model_copy(update={"low": found.low, "high": found.high})})


def _examples(found: Verdict) -> str:
    """How many examples the verdict is about."""
    examples = "1 untouched example" if found.n == 1 else f"{found.n:,} untouched examples"
    return examples if found.groups is None else f"{examples} in {found.groups:,} groups"


def _gain(found: Verdict) -> str:
    """The gain with its interval and the test's p-value."""
    gain = "gain unknown" if found.gain is None else f"gain {found.gain:+.3f}"
    interval = "" if found.low is None or found.high is None else f" [{found.low:.2f}, {found.high:.2f}]"
    tested = "" if found.p is None else f", p {_p(found.p)} ({found.test})"
    return f"{gain}{interval}{tested}"


def _p(p: float) -> str:
    """A p-value with two significant digits."""
    return "< 0.0001" if p < 0.0001 else f"= {p:.2g}"


def _power(found: Verdict) -> str:
    """The smallest gain that the examples could have shown, or why there is none."""
    if found.reason:
        return f"no test: {found.reason}"
    if found.smallest_gain is None and (found.kind != "not shown" or not found.fixed + found.broken):
        equal = "all differences are equal" if found.groups is None else "the gains of all groups are equal"
        return f"smallest gain that these examples show: not known, since {equal}"
    if found.smallest_gain is None:
        return "too few examples to show any gain"
    return f"smallest gain that these examples show in 80% of all cases: {found.smallest_gain:.3f}"


def _optimism(report: Report, found: Verdict) -> Iterator[str]:
    """The score that the prompt was selected by beside its held-out score; nothing when they can't be compared."""
    best = report.test.best.score
    if found.optimism is None or best is None or report.search is None:
        return
    selected, score = found.optimism + best, report.search.score
    # The search may have scored by a second metric too, on a number of examples that says nothing here.
    on = f" on {report.search.scored_on:,} examples" if score is not None and abs(selected - score) < _SAME else ""
    told = f"selected with {selected:.3f}{on}, {best:.3f} held out: optimism {found.optimism:+.3f}"
    expected = found.expected_optimism
    yield told if expected is None else f"{told} ({expected:.3f} expected if all candidates were equal)"
