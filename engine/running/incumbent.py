"""Find the best prompt of a run, save it, and compare it with the initial one.

A limit may be reached before a loop, between the stages of a pipeline, or in a first round. The pipeline has given no prompt
then. The run ends with the best prompt that was scored so far, or with the initial prompt when none was scored.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from functools import partial as bound
from pathlib import Path
from typing import Any, Final, NamedTuple

from promptwire.errors import CacheError, LimitReached, ModelError, NodeError, PromptwireError, ReplyError, RunError, UsageError
from promptwire.graph.steps import Graph
from promptwire.results.report import TRAIN_SHOWN, Comparison, Score
from promptwire.results.run_folder import keep_file
from promptwire.running.evaluation import comparison, finish, held_out, verdict
from promptwire.running.gather import gather
from promptwire.running.heldout import draw_examples
from promptwire.running.preflight import Scoring, bind, scoring
from promptwire.running.scheduler import main_prompt, run_graph
from promptwire.running.search_choice import search_choice
from promptwire.running.session import Session
from promptwire.stats.verdict import NO_VALUE_REASON, Verdict
from promptwire.values import Prompt, Prompts
from promptwire.values.notes import warning

__all__ = ["FinalScores", "compare_both", "find_best", "keep_and_compare", "keep_so_far", "require_prompt", "score_notes"]

_NAMED: Final = 3
"""Most examples that a note names."""
_NOTHING: Final = Score(score=None, low=None, high=None, n=0)
_UNSCORED: Final = Comparison(initial=_NOTHING, best=_NOTHING, gain=_NOTHING)


class FinalScores(NamedTuple):
    """Scores of the initial and of the best prompt, for the report."""

    test: Comparison
    """On the held-out examples."""
    train: Comparison
    """On examples that the search saw."""
    verdict: Verdict
    """Whether the best prompt is better on the held-out examples."""


def require_prompt(graph: Graph) -> None:
    """Raise UsageError when no output of `graph` is a prompt."""
    if not any(kind in (Prompt, Prompts) for kind in graph.types.values()):
        gives = ", ".join(graph.outputs) or "nothing"
        raise UsageError(
            f"the pipeline {graph.name!r} gives no prompt (its outputs: {gives})",
            hint="name a Prompt or Prompts under `outputs:`",
        )


async def find_best(graph: Graph, session: Session) -> Prompt:
    """Run `graph` on the session's task and return the best prompt.

    Raises the PromptwireError of the first step that failed. Raises LimitReached only under `on_limit: fail`.
    """
    initial, scored = session.task.prompts.items[0], session.scored_prompts
    try:
        prompt = main_prompt(await run_graph(graph, bind(graph, session.task), session))
    except LimitReached as limit:
        if not session.anytime:
            raise
        session.trace.event("limit", path=limit.where, round="", reason=limit.problem)
        session.note_limit(limit)
        return scored.best() or initial
    if prompt is None:
        if not session.limits_hit:
            session.notes.append(warning("the pipeline gave no prompt; the best scored prompt is taken, or the initial one"))
        return scored.best() or initial
    return scored.after(prompt) if session.limits_hit else prompt


async def keep_and_compare(graph: Graph, best: Prompt, session: Session, folder: Path) -> FinalScores:
    """Write `best` into the run folder, report it as an event, and compare it as `compare_both` does.

    Raises ModelError when the endpoint is lost. The hint of any error names the file with the best prompt.
    """
    kept = _keep(best, session, folder)
    try:
        return await compare_both(graph, best, session)
    except (ModelError, CacheError, LimitReached, NodeError, ReplyError) as error:
        if kept:
            _point_to(folder, error, "the best prompt")
        raise


def keep_so_far(error: PromptwireError, session: Session, folder: Path) -> None:
    """Write the best prompt scored before `error` ended the search into the run folder, and name the file in the hint."""
    best = session.scored_prompts.best()
    if best is not None and session.scored_prompts.has_scores and _keep(best, session, folder):
        _point_to(folder, error, "the best prompt so far")


def _keep(best: Prompt, session: Session, folder: Path) -> bool:
    """Report `best` as an event and write it into the run folder. Return whether it is written."""
    limit = session.limits_hit[0] if session.limits_hit else None
    demos = [demo.model_dump(mode="json") for demo in best.demos]
    known: dict[str, Any] = {
        "prompt": best.text,
        "demos": demos,
        "initial_prompt": session.task.prompts.items[0].text,
        "limit": limit,
    }
    known |= {"companions": best.companions} if best.companions else {}
    try:
        session.trace.event("best", prompt=best.text)  # shown before anything is written, which may fail
        keep_file(folder / "best.json", json.dumps(known, indent=2) + "\n")
    except RunError as error:
        session.notes.append(warning(f"the run folder is not whole: {error.problem}"))
        return False
    return True


def _point_to(folder: Path, error: PromptwireError, what: str) -> None:
    error.hint = f"{error.hint}; {what} is kept in {folder / 'best.json'}".removeprefix("; ")
    error.args = (str(error),)


async def compare_both(graph: Graph, best: Prompt, session: Session) -> FinalScores:
    """Compare the initial prompt with `best` on the test examples and on a sample of the train examples.

    Under a metric that gives no value a judge of pairs compares the test examples. Without one there is nothing to compare, and
    no call is made.
    """
    valued = session.task.load_metric().valued
    if not valued and not session.task.judges_pairs:
        return FinalScores(_UNSCORED, _UNSCORED, Verdict(kind="not scored", n=0, reason=NO_VALUE_REASON))
    initial, how = session.task.prompts.items[0], scoring(graph)
    if how is None:
        how = Scoring(roles=graph.models)
        session.notes.append("steps score with different settings: the report uses those under `models:` in the pipeline")
    test, held = held_out(session, initial, best, how=how), draw_examples(session.task.test)
    tables, metric = session.scored_prompts.tables(test.scorer.table), test.scorer.metric.name
    choice = asyncio.create_task(search_choice(tables, best.id, metric))
    if not valued:
        await test.score(held, partial=session.anytime, forgiving=False)
        await finish(test, held, "test")
        return FinalScores(comparison(test), _UNSCORED, verdict(test, await choice))
    train, shown = held_out(session, initial, best, split="train", how=how), draw_examples(session.task.train, TRAIN_SHOWN)
    jobs = [
        bound(test.score, held, partial=session.anytime, forgiving=False),
        bound(train.score, shown, partial=True, forgiving=True),
    ]
    needs = Counter(test.needs(len(held))) + Counter(train.needs(len(shown)))
    if session.gateway.budget.surely_holds(needs):
        await gather([job() for job in jobs])
    else:  # the held-out examples come first
        for job in jobs:
            await job()
    await finish(test, held, "test")
    await finish(train, shown, "train")
    return FinalScores(comparison(test), comparison(train), verdict(test, await choice))


def score_notes(session: Session, scores: FinalScores) -> Iterator[str]:
    """Notes about scores that cover fewer examples than the task has."""
    test, train = scores.test, scores.train
    scored, there = test.best.n, len(session.task.test)
    if session.limits_hit and scored + len(test.left_out) < there:
        yield warning(f"the limit left time or money to score {scored} of {there} held-out examples")
    for name, sides, most in (("held-out", test, there), ("train", train, min(TRAIN_SHOWN, len(session.task.train)))):
        if sides.left_out:
            named = ", ".join(repr(one.text) for one in sides.left_out[:_NAMED])
            more = f" and {len(sides.left_out) - _NAMED} more" if len(sides.left_out) > _NAMED else ""
            what = f"{len(sides.left_out)} of {most} {name} examples left out for both prompts"
            yield warning(f"{what}: {named}{more} ({sides.left_out[0].why.splitlines()[0]})")
