"""Compare the initial and the best prompt of a finished search on the same examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from promptwire.graph.port_types import to_json
from promptwire.graph.steps import ModelCallSpec
from promptwire.results.report import _NAMED, REPORT, Comparison, LeftOut, Score
from promptwire.running.asked_log import AskedLog
from promptwire.running.heldout import HeldOutScores
from promptwire.running.preflight import Scoring
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.stats.clustered import clustered
from promptwire.stats.intervals import Interval, mean_interval, paired_interval
from promptwire.stats.optimism import expected_optimism
from promptwire.stats.verdict import Verdict, paired_verdict
from promptwire.values import Example, Examples, Prompt, Prompts, Scores

__all__ = ["comparison", "score_both", "verdict"]

Split = Literal["test", "train"]
"""Held-out examples, or those that the search saw."""


async def score_both(
    session: Session,
    initial: Prompt,
    best: Prompt,
    examples: Sequence[Example],
    *,
    split: Split = "test",
    how: Scoring | None = None,
    partial: bool = False,
    forgiving: bool = False,
) -> HeldOutScores:
    """Score both prompts on the same `examples`, with the task's template and metric and the settings in `how`.

    With `partial`, stop where the budget runs out. With `forgiving`, leave out every example whose call fails. The trace gets
    the rows of both prompts under the name of the `split`. Only on held-out examples the model may be asked several times.
    """
    how = how or Scoring()
    asking = ModelCallSpec(role="task", settings=how.settings)
    log = AskedLog(session.trace, REPORT, element=split)
    scorer = Scorer(session, REPORT, asking, how.roles, session.repeats if split == "test" else 1, log)
    found = HeldOutScores(scorer, initial, best)
    await found.score(examples, partial=partial, forgiving=forgiving)
    rows_by_pair = [[mine.example, mine.value, other.value] for mine, other in found.pairs]
    table = _table(found, examples)
    session.trace.value(path=REPORT, round="", element=split, outputs={"scores": to_json(table), "pairs": rows_by_pair})
    session.count(REPORT, "unreadable", sum(row.unreadable for row in table.rows))
    session.count(REPORT, "left out", len(found.left_out))
    return found


def comparison(found: HeldOutScores) -> Comparison:
    """The scores of both prompts and their difference."""
    first, second = found.values
    shares, groups = found.shares, found.groups
    gain = paired_interval(first, second, shares=shares)
    if groups is not None:
        gain = _clustered([after - before for before, after in zip(first, second, strict=True)], groups)
    if found.same_prompt:
        gain = gain._replace(low=None, high=None)  # both prompts are the same, so an interval would mean nothing
    left_out = tuple(
        LeftOut(example=example.id, text=example.text[:_NAMED], why=str(error)) for example, error in found.left_out
    )
    scores = []
    for side, values in enumerate(found.values):
        interval = mean_interval(values, shares=shares) if groups is None else _clustered(values, groups)
        scores.append(_shown(interval, sum(pair[side].unreadable for pair in found.pairs)))
    return Comparison(initial=scores[0], best=scores[1], gain=_shown(gain), left_out=left_out)


def verdict(found: HeldOutScores) -> Verdict:
    """Whether the best prompt is better, on the held-out examples of `found`, and how much too good it looked before."""
    first, second = found.values
    made = paired_verdict(first, second, shares=found.shares, groups=found.groups, same_prompt=found.same_prompt)
    tables = found.scorer.session.scored_prompts.tables(found.scorer.table)
    mine = tables.get(found.best.id)
    if not mine or not second:
        return made
    # A search does not choose a prompt with far fewer rows, however good these are.
    rivals = [table for table in tables.values() if 2 * len(table) >= len(mine)]
    optimism = math.fsum(mine.values()) / len(mine) - math.fsum(second) / len(second)
    return made.model_copy(update={"optimism": optimism, "expected_optimism": expected_optimism(rivals)})


def _table(found: HeldOutScores, examples: Sequence[Example]) -> Scores:
    """The rows of both prompts as a step would give them: `examples` that were not scored with both have no row."""
    prompts = Prompts.of((found.initial, found.best))
    rows = found.rows
    scored = {row.example for row in rows}
    missing = [(prompt.id, one.id) for prompt in prompts.items for one in examples if one.id not in scored]
    perfect, scale = found.scorer.metric.seen([row.value for row in rows])
    return Scores(
        metric=found.scorer.metric.name,
        perfect=perfect,
        scale=scale,
        prompts=prompts,
        examples=Examples.of(examples),
        rows=tuple(rows),
        missing=tuple(missing),
    )


def _clustered(values: Sequence[float], groups: Sequence[str]) -> Interval:
    """The mean of `values` with an interval for examples that come in groups."""
    if not values:
        return Interval(None, None, None, 0)
    found = clustered(values, groups)
    return Interval(found.mean, found.low, found.high, len(values))


def _shown(interval: Interval, unreadable: int = 0) -> Score:
    return Score(score=interval.mean, low=interval.low, high=interval.high, n=interval.n, unreadable=unreadable)
