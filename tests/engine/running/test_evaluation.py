"""The comparison by a metric of all answers together, and by watched metrics: scores, intervals, confusion, no calls of their own."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.results.report import Comparison
from promptwire.running.evaluation import comparison, score_both, verdict
from promptwire.running.heldout import HeldOutScores
from promptwire.running.search_choice import SearchChoice
from promptwire.stats.intervals import mean_interval
from promptwire.values import Example, Examples, Prompt
from tests.engine.sample_session import session, task

INITIAL, BEST = Prompt(text="first"), Prompt(text="second")
LABELLED = Examples.of(Example(input=f"x{number}", outputs=("spam" if number % 4 == 0 else "ham",)) for number in range(24))


def reply(request: Request, key: str) -> str:
    """The first prompt always answers ham; the second is right, but not readable on one example."""
    asked = request_text(request)
    number = int(asked.rsplit("Input: x", 1)[1].split()[0])
    if asked.startswith("first"):
        return "ham"
    return "no idea" if number == 4 else "**Spam**" if number % 4 == 0 else "It is ham."


async def compared(metric: str, *watch: str, **changes: Any) -> tuple[Comparison, HeldOutScores]:
    given = task(train=LABELLED, test=LABELLED, metric=metric, watch=watch, **changes)
    found = await score_both(session(ScriptedBackend(reply), task=given), INITIAL, BEST, LABELLED.items)
    return comparison(found), found


async def test_a_set_metric_scores_all_answers_together_with_intervals() -> None:
    found, scored = await compared("balanced-accuracy/contains")
    assert (found.initial.score, found.best.score) == (0.5, pytest.approx((1 + 5 / 6) / 2))
    assert found.gain.score == pytest.approx(found.best.score - 0.5)
    assert found.gain.low is not None and 0 < found.gain.low < found.gain.score < (found.gain.high or 0) < 1
    assert verdict(scored, SearchChoice(None, None)).test == "jackknife t"


async def test_the_confusion_table_has_unreadable_replies_as_a_column_of_their_own() -> None:
    table = (await compared("macro-f1/contains"))[0].confusion
    assert table is not None and table.labels == ("ham", "spam")
    assert (table.initial, table.best) == (((18, 0, 0), (6, 0, 0)), ((18, 0, 0), (0, 5, 1)))


async def test_metrics_of_single_answers_and_of_numbers_have_no_confusion_table() -> None:
    assert (await compared("contains"))[0].confusion is None


async def test_watched_metrics_score_the_same_answers_without_more_calls() -> None:
    alone, plain = await compared("contains")
    found, scored = await compared("contains", "exact", "macro-f1/contains")
    exact, macro = found.watched
    assert (exact.metric, exact.initial.score, exact.best.score) == ("exact", 0.75, 5 / 24)
    assert macro.confusion is not None and macro.best.score == pytest.approx((1 + 2 * 5 / (6 + 5)) / 2)
    assert found.model_copy(update={"watched": ()}) == alone
    calls = [one.scorer.session.gateway.usage.total.new for one in (plain, scored)]
    assert calls == [48, 48]


async def test_a_watched_metric_beside_a_choice_reads_the_chosen_label() -> None:
    def choose(request: Request, key: str) -> Completion:
        return Completion(weights=(0.0, -1.0))

    given = task(train=LABELLED, test=LABELLED, metric="choice", watch=("matthews/choice", "f1"), labels=("ham", "spam"))
    model = ScriptedBackend(choose)
    found = comparison(await score_both(session(model, task=given), INITIAL, BEST, LABELLED.items))
    assert [(one.metric, one.best.score) for one in found.watched] == [("matthews/choice", 0.0), ("f1", 0.75)]


async def test_the_interval_of_a_metric_of_single_answers_is_that_of_its_mean() -> None:
    found, scored = await compared("contains")
    interval = mean_interval([mine.value for mine, _ in scored.pairs])
    assert (found.initial.score, found.initial.low, found.initial.high) == interval[:3]


async def test_an_interval_of_shares_ends_where_their_scale_ends() -> None:
    rows = [
        Example(input=f"x{number}", outputs=("spam" if number % 4 == 0 else "ham",), meta={"film": f"{number // 2}"})
        for number in range(12)
    ]
    given = task(train=Examples.of(rows), test=Examples.of(rows), metric="contains", group="film")
    found = comparison(await score_both(session(ScriptedBackend(reply), task=given), INITIAL, BEST, tuple(rows)))
    assert (found.best.score, found.best.high) == (pytest.approx(11 / 12), 1.0)
    assert found.initial.low is not None and 0 < found.initial.low < found.initial.score
