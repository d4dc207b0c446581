"""Compare the initial and the best prompt of a finished search on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial as bound
from typing import Literal

from promptwire.graph.port_values import outputs_text
from promptwire.graph.steps import ModelCallSpec
from promptwire.metrics.metric import Metric
from promptwire.results.confusion import confusion
from promptwire.results.report import _NAMED, REPORT, UNREADABLE, Comparison, LeftOut, MetricScores, Score
from promptwire.running.asked_log import AskedLog
from promptwire.running.heldout import HeldOutScores
from promptwire.running.preference import judge_pairs
from promptwire.running.preflight import Scoring
from promptwire.running.scoring import Scorer
from promptwire.running.search_choice import SearchChoice
from promptwire.running.session import Session
from promptwire.running.watched import Watched
from promptwire.stats.clustered import clustered
from promptwire.stats.intervals import Interval, bounded, mean_interval
from promptwire.stats.prompt_score import rows_score
from promptwire.stats.set_gain import score_interval
from promptwire.stats.set_statistics import statistic_of
from promptwire.stats.set_verdict import set_verdict
from promptwire.stats.verdict import Verdict, paired_verdict
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores

__all__ = ["comparison", "finish", "held_out", "score_both", "verdict"]

Split = Literal["test", "train"]
"""Held-out examples, or those that the search saw."""


def held_out(
    session: Session, initial: Prompt, best: Prompt, *, split: Split = "test", how: Scoring | None = None
) -> HeldOutScores:
    """Both prompts before they are scored, with the task's template and metric and the settings in `how`.

    The trace gets the requests under the name of the `split`. Only on held-out examples the model may be asked several times.
    """
    how = how or Scoring()
    asking = ModelCallSpec(role="task", settings=how.settings)
    pairwise = session.task.judges_pairs
    log, repeats = AskedLog(session.trace, REPORT, element=split), session.repeats if split == "test" and not pairwise else 1
    scorer = Scorer(session, REPORT, asking, how.roles, repeats, log, Watched(session.task))
    return HeldOutScores(scorer, initial, best)


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
    """Score both prompts on the same `examples`; see `held_out` and `finish`.

    With `partial`, stop where the budget runs out. With `forgiving`, leave out every example whose call fails.
    """
    found = held_out(session, initial, best, split=split, how=how)
    await found.score(examples, partial=partial, forgiving=forgiving)
    await finish(found, examples, split)
    return found


async def finish(found: HeldOutScores, examples: Sequence[Example], split: Split) -> None:
    """Judge the answers of `found`, if the task says so, and write its rows to the trace under the name of the `split`."""
    session = found.scorer.session
    if session.task.judges_pairs:
        await judge_pairs(found)
    rows_by_pair = [[mine.example, mine.value, other.value] for mine, other in found.pairs]
    table = _table(found, examples)
    outputs = {"scores": table, "pairs": rows_by_pair}
    session.trace.value(bound(outputs_text, outputs), path=REPORT, round="", element=split)
    session.count(REPORT, UNREADABLE, sum(row.unreadable for row in table.rows))
    session.count(REPORT, "left out", len(found.left_out))


def comparison(found: HeldOutScores) -> Comparison:
    """The scores of both prompts and their difference, by the task's metric and by the watched ones."""
    scored = _scored(found, found.scorer.metric)
    left_out = tuple(
        LeftOut(example=example.id, text=example.text[:_NAMED], why=str(error)) for example, error in found.left_out
    )
    others = found.scorer.watched.metrics if found.scorer.watched else ()
    watched = tuple(_scored(found, metric, metric.name) for metric in others)
    return Comparison(
        initial=scored.initial,
        best=scored.best,
        gain=scored.gain,
        confusion=scored.confusion,
        watched=watched,
        left_out=left_out,
    )


def _scored(found: HeldOutScores, metric: Metric, watched: str = "") -> MetricScores:
    """The scores of both prompts and their difference by `metric`, which is the task's own or `watched`."""
    sides, groups, statistic = found.sides(watched), found.groups, statistic_of(metric.name)
    if statistic is not None:
        scores = [score_interval(rows, metric.name, groups) for rows in sides]
    else:
        shares, values = _shares(metric, sides), [[row.value for row in rows] for rows in sides]
        means = [mean_interval(one, shares=shares) if groups is None else _clustered(one, groups) for one in values]
        scores = [bounded(one, 0.0, 1.0) for one in means] if shares else means
    made = _compared(found, metric, watched)  # the interval of the verdict, so that a report has one
    gain = Score(score=made.gain, low=made.low, high=made.high, n=made.n)
    shown = [_shown(score, sum(row.unreadable for row in rows)) for score, rows in zip(scores, sides, strict=True)]
    table = confusion(*sides) if statistic is not None and not statistic.graded and sides[0] else None
    return MetricScores(metric=metric.name, initial=shown[0], best=shown[1], gain=gain, confusion=table)


def _compared(found: HeldOutScores, metric: Metric, watched: str = "") -> Verdict:
    """The verdict on both prompts by `metric`; without an interval when both prompts are the same."""
    sides = found.sides(watched)
    if statistic_of(metric.name) is not None:
        return set_verdict(*sides, metric.name, found.groups, same_prompt=found.same_prompt)
    first, second = ([row.value for row in rows] for rows in sides)
    return paired_verdict(first, second, shares=_shares(metric, sides), groups=found.groups, same_prompt=found.same_prompt)


def _shares(metric: Metric, sides: tuple[Sequence[Row], Sequence[Row]]) -> bool:
    """Whether a mean value is a share of right answers, of votes, or of the most that an answer can get."""
    if not metric.valued:
        return True
    return metric.seen([row.value for rows in sides for row in rows])[1] == (0.0, 1.0)


def verdict(found: HeldOutScores, choice: SearchChoice) -> Verdict:
    """Whether the best prompt is better, on the held-out examples of `found`, and how much too good it looked before.

    `choice` is what the search's own rows say of it.
    """
    metric, rows = found.scorer.metric, found.sides()[1]
    made = _compared(found, metric)
    if choice.score is None or not rows:
        return made
    optimism = choice.score - rows_score(rows, metric.name)
    return made.model_copy(update={"optimism": optimism, "expected_optimism": choice.expected_optimism})


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


def _shown(interval: Interval, unreadable: int) -> Score:
    return Score(score=interval.mean, low=interval.low, high=interval.high, n=interval.n, unreadable=unreadable)
