"""Candidates of a page: their list, the lineage of the best prompt, and the best so far against what was spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median_high

from promptwire.page.requests import writers
from promptwire.page.values import PageCandidate, PagePoint, PageRequest
from promptwire.results.candidates import Candidate
from promptwire.results.run import Run
from promptwire.values import Example, Prompt

__all__ = ["best_so_far", "demos_of", "lineage", "page_candidates", "points"]

_SHOWN = 160
"""Characters of a prompt that a point of the chart shows."""


def page_candidates(run: Run, requests: Sequence[PageRequest]) -> tuple[PageCandidate, ...]:
    """Return the candidates of `run` for a page. `requests` are those of the page."""
    positions = {candidate.id: at for at, candidate in enumerate(run.candidates)}
    written = writers(requests)
    return tuple(
        PageCandidate(
            id=candidate.id,
            text=candidate.text,
            demos=demos_of(candidate.prompt),
            words=len(candidate.text.split()),
            parents=tuple(positions[parent] for parent in dict.fromkeys(candidate.parents) if parent in positions),
            step=candidate.prompt.made_by,
            round=candidate.prompt.round,
            score=candidate.score,
            n=len(candidate.values),
            calls=run.spent_before(candidate.line).calls,
            critiques=candidate.origin.critiques,
            asked=written.get(candidate.origin.request),
            companions=dict(candidate.prompt.companions),
            marks=dict(candidate.prompt.marks),
        )
        for candidate in run.candidates
    )


def demos_of(prompt: Prompt) -> tuple[Mapping[str, str], ...]:
    """Return text and output of the demonstrations of `prompt`."""
    return tuple(_demo(demo) for demo in prompt.demos)


def _demo(demo: Example) -> Mapping[str, str]:
    return {"text": demo.text, "output": demo.output}


def lineage(run: Run) -> tuple[int, ...]:
    """Return the positions from an initial prompt to the best one; empty when the best prompt is no candidate.

    Of several parents, the one with the highest score is followed. A prompt may be its own ancestor: it was written again.
    """
    positions = {candidate.id: at for at, candidate in enumerate(run.candidates)}
    at = None if run.best is None else positions.get(run.best.id)
    chain: dict[int, None] = {}
    while at is not None and at not in chain:
        chain[at] = None
        parents = [positions[one] for one in run.candidates[at].parents if one in positions]
        at = max(parents, key=lambda one: _known(run.candidates[one].score), default=None)
    return tuple(reversed(chain))


def _known(score: float | None) -> float:
    return float("-inf") if score is None else score


def points(run: Run) -> tuple[PagePoint, ...]:
    """Return the scored candidates in the order in which their first scores were known."""
    found = [(candidate.scores[0].line, at) for at, candidate in enumerate(run.candidates) if candidate.scores]
    return tuple(_point(run, run.candidates[at], at, line) for line, at in sorted(found))


def _point(run: Run, candidate: Candidate, at: int, line: int) -> PagePoint:
    spent, score = run.spent_before(line), candidate.score
    shown = " ".join(candidate.text[: 2 * _SHOWN].split())[:_SHOWN]
    values = (0.0 if score is None else score, len(candidate.values), spent.calls, spent.tokens, spent.usd)
    return PagePoint(at, *values, seconds=candidate.scores[0].t, prompt=shown)


def best_so_far(points: Sequence[PagePoint]) -> tuple[PagePoint, ...]:
    """Return the points that were better than all before.

    A point needs at least half as many examples as is usual: a mean over a few easy examples would lead for ever.
    """
    usual = median_high(point.n for point in points) if points else 0
    found: list[PagePoint] = []
    for point in points:
        if 2 * point.n >= usual and (not found or point.score > found[-1].score):
            found.append(point)
    return tuple(found)
