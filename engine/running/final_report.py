"""Make the report of a finished run from its session: scores, calls, counts and notes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from promptwire.graph.steps import Graph
from promptwire.results.report import TAKEN_WHOLE, Calls, Report, SearchSummary
from promptwire.running.incumbent import FinalScores, score_notes
from promptwire.running.session import Session
from promptwire.values import Prompt
from promptwire.values.copied_text import CopiedText
from promptwire.values.notes import warning

__all__ = ["make_report", "summarize"]


def summarize(session: Session, best: Prompt) -> SearchSummary:
    """Summarize the search of `session` that ended with `best`, before the final comparison adds its own calls."""
    found = session.candidates.values()
    copies = CopiedText(session.task.train.items, (prompt.text for prompt in (best, *found)))
    score, scored_on = session.scored_prompts.score(best)
    return SearchSummary(
        calls=dict(sorted(session.gateway.usage.roles.items())),
        candidates=len(session.candidates),
        copying=sum(bool(copies.spans(prompt.text)) for prompt in found),
        copied=copies.spans(best.text),
        score=score,
        scored_on=scored_on,
    )


def _refused_parameters(session: Session) -> Iterator[str]:
    """Warn about each model that refused parameters."""
    for model, names in sorted(session.gateway.usage.refused.items()):
        yield warning(f"{model} refuses {'; '.join(sorted(names))}: requests were sent without; the model used its defaults")


def _refused_calls(session: Session) -> Iterator[str]:
    """Warn about each step whose calls were refused permanently, with one of the refusals."""
    for path, problem in sorted(session.refusals.items()):
        n = session.counts[path, "refused"]
        calls = "1 call was" if n == 1 else f"{n} calls were"
        yield warning(f"{path}: {calls} refused and left out, for example: {problem.splitlines()[0][:160]}")


def _faulty_replies(session: Session) -> Iterator[str]:
    """Show one unreadable reply of each step, one that was taken whole, and one judge's reply without a grade."""
    for (path, what), reply in sorted(session.unread_replies.items()):
        kind = "reply taken whole, as the rule found no answer in it" if what == TAKEN_WHOLE else "unreadable reply"
        yield f"{path}: {kind}, for example: {reply[:80]!r}"
    for path, reply in sorted(session.ungraded_replies.items()):
        yield warning(f"{path}: the judge gave no grade, even after retries, for example: {reply[:80]!r}; correct the rubric")


def _notes(session: Session, scores: FinalScores) -> Iterator[str]:
    """Notes on the data, the scores, and what went wrong."""
    yield from session.task.notes
    yield from session.notes
    yield from (f"{reason}: the stage gave its best so far" for _, reason in sorted(session.stages_ended.items()))
    yield from score_notes(session, scores)
    yield from session.truncations.notes()
    yield from _refused_parameters(session)
    yield from _refused_calls(session)
    yield from _faulty_replies(session)


def make_report(
    graph: Graph,
    session: Session,
    *,
    best: Prompt,
    search: SearchSummary,
    scores: FinalScores,
    began: float,
    folder: Path,
) -> Report:
    """Make the report of the run in `session` that ended with `best`.

    `began` is the monotonic time of the run's start, in seconds.
    """
    total = session.gateway.usage.total
    counts: dict[str, dict[str, int]] = {}
    for (path, what), n in sorted(session.counts.items()):
        counts.setdefault(path, {})[what] = n
    return Report(
        pipeline=graph.name,
        task=session.task.name,
        metric="preference" if session.task.judges_pairs else session.task.metric,
        models={role: model.name for role, model in session.models.items()},
        seed=session.seed,
        repeats=session.repeats,
        prompt=best.text,
        demos=best.demos,
        companions=best.companions,
        initial_prompt=session.task.prompts.items[0].text,
        verdict=scores.verdict,
        test=scores.test,
        train=scores.train,
        search=search,
        calls=Calls(new=total.new, cached=total.cached, failed=total.failed),
        requests=total.requests,
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        cost_usd=total.usd,
        seconds=round(time.monotonic() - began, 2),
        limit=session.limits_hit[0] if session.limits_hit else None,
        stages_ended=dict(sorted(session.stages_ended.items())),
        counts=counts,
        notes=tuple(_notes(session, scores)),
        run=str(folder),
    )
