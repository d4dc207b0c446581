"""Scores: means, missing rows and merging."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.graph.port_values import union
from promptwire.stats.prompt_score import score_of
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores
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
def test_a_mean_needs_half_of_the_requested_rows(values: list[float | None], mean: float | None) -> None:
    table = scores({"a": values}, n=30)
    assert score_of(A, table) == mean
    assert len(table.asked(A)) == len(values)
    assert len(table.values(A)) == sum(value is not None for value in values)


def test_a_table_of_some_prompts_keeps_their_missing_rows() -> None:
    table = scores({"a": [1.0, None, None], "b": [1.0, 1.0, None]})
    assert (score_of(A, table.only(prompts("a"))), len(table.only(prompts("b")).missing)) == (None, 1)


def test_merging_fills_missing_rows_and_a_later_failure_removes_none() -> None:
    first, second = scores({"a": [1.0, None, None]}), scores({"a": [None, 0.0, 0.0]})
    for table in (first.merge(second), second.merge(first)):
        assert (table.missing, score_of(A, table)) == ((), pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("first", "second", "scale"),
    [((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)), ((0.0, 1.0), None, None), (None, (0.0, 1.0), None), (None, None, None)],
)
def test_merging_with_an_unknown_scale_gives_an_unknown_scale(
    first: tuple[float, float] | None, second: tuple[float, float] | None, scale: tuple[float, float] | None
) -> None:
    one = scores({"a": [1.0]}, scale=first, perfect=None if first is None else 1.0)
    other = scores({"b": [1.0]}, scale=second, perfect=None if second is None else 1.0)
    merged = one.merge(other)
    assert (merged.scale, merged.perfect) == (scale, None if scale is None else 1.0)
    assert Scores().merge(one).scale == first


def pairwise(one: Scores, other: Scores) -> Scores:
    """The definition of a merge of two tables."""
    rows = {(row.prompt, row.example): row for row in (*one.rows, *other.rows)}
    known = not one.rows or one.scale is not None
    return Scores(
        metric=other.metric or one.metric,
        perfect=other.perfect if not one.rows or one.perfect is not None else None,
        scale=other.scale if known else None,
        missing=tuple(pair for pair in dict.fromkeys((*one.missing, *other.missing)) if pair not in rows),
        prompts=Prompts.of((*one.prompts.items, *other.prompts.items)),
        examples=Examples.of((*one.examples.items, *other.examples.items)),
        rows=tuple(rows.values()),
    )


TABLES = st.builds(
    lambda values, metric, scale, perfect: scores(values).model_copy(
        update={"metric": metric, "scale": scale, "perfect": perfect}
    ),
    st.dictionaries(
        st.sampled_from("abc"), st.lists(st.sampled_from([None, 0.0, 0.5, 1.0]), max_size=3), min_size=1, max_size=3
    ),
    st.sampled_from(["", "exact", "f1"]),
    st.sampled_from([None, (0.0, 1.0), (-1.0, 1.0)]),
    st.sampled_from([None, 1.0]),
)


@given(st.lists(TABLES, min_size=1, max_size=5))
def test_many_tables_are_merged_as_one_after_another(tables: list[Scores]) -> None:
    assert union(tables, Scores) == reduce(pairwise, tables)


def test_the_rows_of_a_union_of_many_tables_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [scores({f"p{number}": [1.0] * 5}) for number in range(200)]
    made: list[int] = []
    whole = Prompts.of
    monkeypatch.setattr(Prompts, "of", lambda items: (found := whole(items), made.append(len(found)))[0])
    assert len(union(tables, Scores).rows) == 1000
    assert made == [200]


def test_answers_of_all_prompts_to_an_example_stand_together() -> None:
    a, b = Prompt(text="a"), Prompt(text="b")
    one, other = Example(input="1", outputs=("x",)), Example(input="2", outputs=("y",))
    rows = (Row(a.id, one.id, "x", "x", 1.0), Row(b.id, one.id, "z", "z", 0.0), Row(b.id, other.id, "y", "y", 1.0))
    table = Scores(prompts=Prompts(items=(a, b)), examples=Examples(items=(one, other)), rows=rows)
    found = [(each.example.text, [p.text for p in each.prompts], each.mean) for each in table.by_example]
    assert found == [("1", ["a", "b"], 0.5), ("2", ["b"], 1.0)]
    assert [case.answer for case in table.by_example[0].cases] == ["x", "z"]
    assert [group.mean for group in table.groups] == [1.0, 0.5]
    assert Scores(prompts=table.prompts, examples=table.examples).by_example == ()
