"""Compare the initial and the best prompt of a finished search on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from promptwire.graph.port_types import to_json
from promptwire.graph.steps import ModelCallSpec
from promptwire.results.report import _NAMED, REPORT, Comparison, LeftOut, Score
from promptwire.running.heldout import HeldOutScores
from promptwire.running.preflight import Scoring
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.stats.intervals import mean_interval, paired_interval
from promptwire.values import Example, Examples, Prompt, Prompts, Scores

__all__ = ["compare"]

Split = Literal["test", "train"]
"""Held-out examples, or those that the search saw."""


async def compare(
    session: Session,
    initial: Prompt,
    best: Prompt,
    examples: Sequence[Example],
    *,
    split: Split = "test",
    how: Scoring | None = None,
    partial: bool = False,
    forgiving: bool = False,
) -> Comparison:
    """Score both prompts on the same `examples`, with the task's template and metric and the settings in `how`.

    With `partial`, stop where the budget runs out. With `forgiving`, leave out every example whose call fails. The trace gets
    the rows of both prompts under the name of the `split`. Only on held-out examples the model may be asked several times.
    """
    how = how or Scoring()
    asking = ModelCallSpec(role="task", settings=how.settings)
    scorer = Scorer(session, REPORT, asking, how.roles, session.repeats if split == "test" else 1)
    found = HeldOutScores(scorer, initial, best)
    await found.score(examples, partial=partial, forgiving=forgiving)
    first, second = [mine for mine, _ in found.pairs], [other for _, other in found.pairs]
    rows_by_pair = [[mine.example, mine.value, other.value] for mine, other in found.pairs]
    table = _table(found, examples)
    outputs = {"scores": to_json(table), "pairs": rows_by_pair}
    session.trace.value(path=REPORT, round="", element=split, outputs=outputs)
    prompts = [first] if initial.id == best.id else [first, second]
    session.count(REPORT, "unreadable", sum(row.unreadable for rows in prompts for row in rows))
    session.count(REPORT, "left out", len(found.left_out))
    shares = table.scale == (0.0, 1.0)
    gain = paired_interval([row.value for row in first], [row.value for row in second], shares=shares)
    if initial.id == best.id:
        gain = gain._replace(low=None, high=None)  # both prompts are the same, so an interval would mean nothing
    left_out = tuple(
        LeftOut(example=example.id, text=example.text[:_NAMED], why=str(error)) for example, error in found.left_out
    )
    sides = {"initial": _score(first, shares), "best": _score(second, shares)}
    return Comparison(**sides, gain=_shown(gain), left_out=left_out)


def _table(found: HeldOutScores, examples: Sequence[Example]) -> Scores:
    """The rows of both prompts as a step would give them: `examples` that were not scored with both have no row."""
    prompts = Prompts.of((found.initial, found.best))
    first, second = [mine for mine, _ in found.pairs], [other for _, other in found.pairs]
    rows = tuple(first if len(prompts) == 1 else [*first, *second])
    scored = {row.example for row in first}
    missing = [(prompt.id, one.id) for prompt in prompts.items for one in examples if one.id not in scored]
    perfect, scale = found.scorer.metric.seen([row.value for row in rows])
    return Scores(
        metric=found.scorer.metric.name,
        perfect=perfect,
        scale=scale,
        prompts=prompts,
        examples=Examples.of(examples),
        rows=rows,
        missing=tuple(missing),
    )


def _score(rows: Sequence[Any], shares: bool) -> Score:
    return _shown(mean_interval([row.value for row in rows], shares=shares), sum(row.unreadable for row in rows))


def _shown(interval: Any, unreadable: int = 0) -> Score:
    return Score(score=interval.mean, low=interval.low, high=interval.high, n=interval.n, unreadable=unreadable)
