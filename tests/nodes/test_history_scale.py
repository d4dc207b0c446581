"""A history keeps the metric's own scale: levels, thresholds and the perfect value are in its unit."""

from __future__ import annotations

import pytest

from promptwire.nodes import converged, history_append, history_select
from promptwire.values import History, Scores
from tests.nodes.fake import FakeContext, scores, texts

Scale = tuple[float, float] | None


async def remembered(*tables: Scores) -> History:
    log: History | None = None
    for table in tables:
        log = (
            await history_append.history_append.run(
                history_append.Inputs(scores=table, log=log), history_append.Params(), FakeContext()
            )
        ).history
    assert log is not None
    return log


@pytest.mark.parametrize(
    ("values", "scale", "perfect", "done"),
    [
        ([1.0, 1.0], (0.0, 1.0), 1.0, True),
        ([40.0, 50.0], (0.0, 100.0), 100.0, False),
        ([100.0, 100.0], (0.0, 100.0), 100.0, True),
        ([1.0, 1.0], (0.0, 100.0), 100.0, False),
        ([87.0, 93.0], None, None, False),
        ([-0.1, -0.2], None, None, False),
        ([0.0, 0.0], (-5.0, 0.0), 0.0, True),
        ([1.0, 1.0], (0.0, 1.0), None, False),
    ],
)
async def test_a_search_is_perfect_at_the_metrics_own_perfect_value(
    values: list[float], scale: Scale, perfect: float | None, done: bool
) -> None:
    log = await remembered(scores({"a": values}, scale=scale, perfect=perfect))
    found = await converged.converged.run(converged.Inputs(log=log), converged.Params(), FakeContext())
    assert found.done is done


@pytest.mark.parametrize(("perfect", "done"), [("metric", False), (50.0, True), (None, False)])
async def test_a_perfect_value_that_is_written_goes_before_the_metrics(perfect: object, done: bool) -> None:
    log = await remembered(scores({"a": [60.0]}, scale=(0.0, 100.0), perfect=100.0))
    params = converged.Params(perfect=perfect)  # type: ignore[arg-type]
    assert (await converged.converged.run(converged.Inputs(log=log), params, FakeContext())).done is done


@pytest.mark.parametrize(
    ("score", "scale", "buckets", "level"),
    [
        (0.123, (0.0, 1.0), 10, 0.1),
        (12.3, (0.0, 100.0), 10, 10.0),
        (87.0, (0.0, 100.0), 5, 80.0),
        (-4.2, (-5.0, 0.0), 5, -4.0),
        (-2.3456, None, 100, -2.3456),
        (87.25, None, 5, 87.25),
    ],
)
async def test_levels_are_steps_of_the_metrics_scale(score: float, scale: Scale, buckets: int, level: float) -> None:
    log = await remembered(scores({"a": [score]}, scale=scale, perfect=None))
    found = await history_select.history_select.run(
        history_select.Inputs(of=log), history_select.Params(buckets=buckets), FakeContext()
    )
    assert found.history.entries[0].score == pytest.approx(level)
    assert found.history.entries[0].scale == scale


async def test_negative_scores_are_shown_where_no_threshold_is_set_and_a_threshold_is_in_the_metrics_unit() -> None:
    log = await remembered(scores({"a": [-3.0], "b": [-1.0]}, scale=None, perfect=None))
    for threshold, shown in ((None, ["b", "a"]), (-2.0, ["b"])):
        found = await history_select.history_select.run(
            history_select.Inputs(of=log), history_select.Params(threshold=threshold), FakeContext()
        )
        assert texts(found.prompts) == shown


async def test_one_round_off_the_scale_makes_it_unknown_for_all_entries() -> None:
    first, later = scores({"a": [0.0]}), scores({"b": [60.0]}, scale=None, perfect=None)
    for log in (await remembered(first, later), await remembered(later, first), await remembered(first, later, first)):
        assert (log.scale, log.perfect) == (None, None)
        assert {entry.scale for entry in log.entries} == {None}
