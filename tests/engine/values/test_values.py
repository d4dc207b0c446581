"""Scores know what was asked: a prompt with less than half of it answered has no score."""

from __future__ import annotations

import pytest

from promptwire.values import Entry, Prompt, Scores
from tests.nodes.fake import prompts, scores

A = Prompt(text="a")


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ([1.0, 0.0], 0.5),
        ([1.0, None], 1.0),
        ([1.0, None, None], None),
        ([1.0, *[None] * 19], None),
        ([1.0] * 10 + [None] * 10, 1.0),
        ([None], None),
        ([], None),
    ],
)
def test_a_mean_needs_half_of_what_was_asked(values: list[float | None], mean: float | None) -> None:
    table = scores({"a": values}, n=30)
    assert table.mean(A) == mean
    assert len(table.asked(A)) == len(values)
    assert len(table.values(A)) == sum(value is not None for value in values)


def test_a_table_of_some_prompts_keeps_what_they_lack() -> None:
    table = scores({"a": [1.0, None, None], "b": [1.0, 1.0, None]})
    assert (table.only(prompts("a")).mean(A), len(table.only(prompts("b")).missing)) == (None, 1)


def test_a_row_that_came_later_is_missing_no_more_and_a_later_failure_takes_none_away() -> None:
    first, second = scores({"a": [1.0, None, None]}), scores({"a": [None, 0.0, 0.0]})
    for table in (first.merge(second), second.merge(first)):
        assert (table.missing, table.mean(A)) == ((), pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("first", "second", "scale"),
    [((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)), ((0.0, 1.0), None, None), (None, (0.0, 1.0), None), (None, None, None)],
)
def test_what_is_not_known_of_a_scale_stays_unknown(
    first: tuple[float, float] | None, second: tuple[float, float] | None, scale: tuple[float, float] | None
) -> None:
    one = scores({"a": [1.0]}, scale=first, perfect=None if first is None else 1.0)
    other = scores({"b": [1.0]}, scale=second, perfect=None if second is None else 1.0)
    merged = one.merge(other)
    assert (merged.scale, merged.perfect) == (scale, None if scale is None else 1.0)
    assert Scores().merge(one).scale == first


@pytest.mark.parametrize(
    ("score", "scale", "shown", "share", "range"),
    [
        (0.125, (0.0, 1.0), 12, True, "from 0 to 1"),
        (0.904, (0.0, 1.0), 90, True, "from 0 to 1"),
        (87.256, (0.0, 100.0), 87.26, False, "from 0 to 100"),
        (0.5, (-1.0, 1.0), 0.5, False, "from -1 to 1"),
        (-2.34567, None, -2.346, False, ""),
    ],
)
def test_an_entry_shows_its_score_in_the_metrics_own_unit(
    score: float, scale: tuple[float, float] | None, shown: float, share: bool, range: str
) -> None:
    entry = Entry(prompt=A, score=score, n=1, scale=scale)
    assert (entry.shown, entry.share, entry.range) == (shown, share, range)
