"""Early stopping: a prompt counts as beaten only where no values of its other examples could bring it back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.stats.early_stop import Standing, beaten, bounded
from promptwire.stats.ranking import ranked
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores

UNIT = (0.0, 1.0)


def row(value: float, number: int = 0, *, prompt: str = "p", likelihood: float | None = None) -> Row:
    return Row(prompt, f"e{number}", "", "", value, likelihood=likelihood)


def standing(values: list[float], waiting: int = 0) -> Standing:
    return Standing(tuple(map(row, values)), waiting)


@pytest.mark.parametrize(
    ("standings", "keep", "expected"),
    [
        ([standing([1, 1, 1]), standing([0], 2)], 1, [False, True]),
        ([standing([1, 1, 0]), standing([0], 2)], 1, [False, True]),  # a tie, and the other is written first
        ([standing([0], 2), standing([1, 1, 0])], 1, [False, False]),  # a tie, and this one is written first
        ([standing([1, 0, 0]), standing([0], 2)], 1, [False, False]),  # it can still win
        ([standing([1, 1, 1]), standing([0], 2)], 2, [False, False]),  # both are kept
        ([standing([1, 1, 1]), standing([1, 1, 1]), standing([0], 2)], 2, [False, False, True]),
        ([standing([1, 1], 1), standing([0, 0], 1)], 1, [False, True]),  # the other is not at its end and is above it already
        ([standing([1, 1, 1]), standing([0, 0, 0])], 1, [False, False]),  # nothing to stop
        ([standing([0.9, 0.9]), standing([0.8], 1)], 1, [False, False]),
        ([standing([0.9, 0.9]), standing([0.7], 1)], 1, [False, True]),
    ],
)
def test_a_prompt_is_beaten_where_enough_others_are_above_its_highest_score(
    standings: list[Standing], keep: int, expected: list[bool]
) -> None:
    assert beaten(standings, keep, UNIT) == expected


def test_a_tie_beats_no_prompt_where_a_likelihood_may_break_it() -> None:
    done = Standing(tuple(row(value, likelihood=-1.0) for value in (1, 1, 0)), 0)
    assert beaten([done, Standing((row(0, likelihood=-1.0),), 2)], 1, UNIT) == [False, False]
    done = Standing(tuple(row(value, likelihood=-1.0) for value in (1, 1, 1)), 0)
    assert beaten([done, Standing((row(0, likelihood=-1.0),), 2)], 1, UNIT) == [False, True]


def test_rows_that_count_where_most_calls_fail_keep_a_prompt_in() -> None:
    done, rest = standing([1, 1, 0]), Standing((row(0), row(0)), 2, (row(1),))
    assert beaten([done, rest], 1, UNIT) == [False, False]
    assert beaten([done, Standing(rest.rows, 2, (row(0),))], 1, UNIT) == [False, True]


@pytest.mark.parametrize(
    ("metric", "scale", "known"),
    [("exact", UNIT, True), ("stars", (1.0, 5.0), True), ("logprob", None, False), ("macro-f1", UNIT, False)],
)
def test_only_means_on_a_known_scale_are_bounded(metric: str, scale: tuple[float, float] | None, known: bool) -> None:
    assert bounded(metric, scale) is known


VALUES = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1), st.sampled_from([0.1, 0.2, 0.3, 1 / 3]))
TABLES = st.integers(1, 8).flatmap(
    lambda n: st.lists(
        st.tuples(st.lists(st.tuples(VALUES, st.floats(-3, 0)), min_size=n, max_size=n), st.integers(0, n)),
        min_size=1,
        max_size=6,
    )
)


@given(table=TABLES, keep=st.integers(1, 3), likely=st.booleans())
def test_a_beaten_prompt_is_never_among_the_best_of_the_whole_table(
    table: list[tuple[list[tuple[float, float]], int]], keep: int, likely: bool
) -> None:
    names = [Prompt(text=str(place)) for place in range(len(table))]
    n = len(table[0][0])
    rows = [
        [row(value, number, prompt=name.id, likelihood=told if likely else None) for number, (value, told) in enumerate(values)]
        for name, (values, _) in zip(names, table, strict=True)
    ]
    standings = [Standing(tuple(mine[:known]), n - known) for mine, (_, known) in zip(rows, table, strict=True)]
    shown = Examples(items=tuple(Example(input=f"in {number}", outputs=("x",)) for number in range(n)))
    prompts = Prompts(items=tuple(names))
    whole = Scores(metric="m", prompts=prompts, examples=shown, rows=tuple(one for mine in rows for one in mine))
    best = ranked(prompts, whole)[:keep]
    out = [name for name, gone in zip(names, beaten(standings, keep, UNIT), strict=True) if gone]
    assert not set(out) & set(best)
    assert len(names) - len(out) >= min(keep, len(names))
