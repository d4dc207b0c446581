"""beam-select with early_stop: the same prompts and rows, in fewer calls."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.nodes.beam_select import Inputs, Outputs, Params, beam_select
from promptwire.values import Example, Prompt, Row, Scores
from tests.nodes.fake import FakeContext, examples, prompts, texts

POLICIES = ("top", "uniform", "successive-rejects", "successive-halving")
Table = list[list[float | None]]

VALUES = st.one_of(st.sampled_from([0.0, 1.0]), st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 0.9]), st.none())
RIGHT = st.sampled_from([0.0, 1.0])


def tables(values: st.SearchStrategy[float | None]) -> st.SearchStrategy[Table]:
    rows = st.integers(1, 16).flatmap(lambda n: st.lists(st.lists(values, min_size=n, max_size=n), min_size=1, max_size=8))
    return rows


def context(table: Table, seed: int = 0) -> FakeContext:
    def value(prompt: Prompt, example: Example) -> float | None:
        return table[int(prompt.text)][int(str(example.input).split()[1])]

    return FakeContext(value=value, seed=seed)


async def select(table: Table, made: FakeContext, scores: Scores | None = None, **params: object) -> Outputs:
    asked = prompts(*map(str, range(len(table))))
    inputs = Inputs(prompts=asked, on=examples(len(table[0])), scores=scores)
    return await beam_select.run(inputs, Params(**params), made)  # type: ignore[no-any-return, arg-type]


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=60)
@given(
    table=st.one_of(tables(RIGHT), tables(VALUES)),
    keep=st.integers(1, 4),
    batch=st.integers(1, 5),
    pulls=st.integers(1, 200),
    seed=st.integers(0, 3),
)
async def test_it_keeps_the_same_prompts_with_the_same_rows_in_at_most_as_many_calls(
    policy: str, table: Table, keep: int, batch: int, pulls: int, seed: int
) -> None:
    whole, stopped = context(table, seed), context(table, seed)
    params = {"policy": policy, "keep": keep, "pulls": pulls, "batch": batch}
    expected = await select(table, whole, **params)
    found = await select(table, stopped, early_stop=True, **params)
    assert texts(found.prompts) == texts(expected.prompts)
    assert (found.kept.rows, set(found.kept.missing)) == (expected.kept.rows, set(expected.kept.missing))
    assert texts(found.rest) == texts(expected.rest)
    if all(None not in values for values in table):
        assert set(found.scores.rows) <= set(expected.scores.rows)
    assert stopped.pulls <= whole.pulls
    assert stopped.counts["pairs not scored"] == whole.pulls - stopped.pulls or policy.startswith("successive")


@settings(max_examples=60)
@given(
    table=tables(VALUES),
    known=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 20), VALUES), max_size=20),
    keep=st.integers(1, 3),
    batch=st.integers(1, 4),
)
async def test_given_rows_count_as_they_do_without_it(
    table: Table, known: list[tuple[int, int, float | None]], keep: int, batch: int
) -> None:
    asked, shown = prompts(*map(str, range(len(table)))), examples(21)
    pairs = {(place, number): value for place, number, value in known if place < len(table) and value is not None}
    rows = tuple(Row(asked.items[place].id, shown.items[at].id, "", "", value) for (place, at), value in pairs.items())
    given_scores = Scores(metric="fake", prompts=asked, examples=shown, rows=rows)
    expected = await select(table, context(table), given_scores, keep=keep)
    found = await select(table, context(table), given_scores, keep=keep, batch=batch, early_stop=True)
    assert (texts(found.prompts), found.kept.rows) == (texts(expected.prompts), expected.kept.rows)


async def test_clear_differences_save_most_calls_and_what_was_saved_is_counted() -> None:
    table: Table = [[float(number % 10 < right) for number in range(100)] for right in (9, *[3] * 19)]
    whole, stopped = context(table), context(table)
    await select(table, whole)
    found = await select(table, stopped, early_stop=True, batch=10)
    assert (whole.pulls, stopped.counts["stopped early"]) == (2000, 19)
    assert stopped.pulls < 700
    assert stopped.counts["pairs not scored"] == 2000 - stopped.pulls
    assert {len(found.scores.values(prompt)) for prompt in found.rest.items} <= set(range(10, 50, 10))


async def test_a_prompt_that_was_stopped_never_ranks_above_a_kept_one() -> None:
    def value(prompt: Prompt, example: Example) -> float:
        return float(random.Random(f"{prompt.text}/{example.input}").random() < 0.4 + int(prompt.text) / 40)

    made = FakeContext(value=value)
    found = await select([[0.0] * 60] * 20, made, early_stop=True, batch=5, keep=3)
    means = {one.id: sum(values) / len(values) for one in found.scores.prompts.items if (values := found.scores.values(one))}
    assert max(means[one.id] for one in found.rest.items) <= min(means[one.id] for one in found.prompts.items)


async def test_a_failed_call_of_a_leader_brings_back_the_prompts_that_it_had_beaten() -> None:
    table: Table = [[1.0] * 4 + [None] * 16, [0.0] * 4 + [1.0] * 16]
    expected = await select(table, context(table))
    found = await select(table, context(table), early_stop=True, batch=2)
    assert texts(found.prompts) == texts(expected.prompts) == ["1"]


@pytest.mark.parametrize(("scale", "metric"), [(None, "fake"), ((0.0, 1.0), "macro-f1")])
async def test_a_score_without_bounds_is_made_of_all_examples(
    scale: tuple[float, float] | None, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table: Table = [[1.0] * 20, [0.0] * 20]
    made = context(table)
    made.scale = scale
    plain = made.score

    async def score(*args: object, **named: object) -> Scores:
        found = await plain(*args, **named)  # type: ignore[arg-type]
        rows = tuple(Row(row.prompt, row.example, "", "a" if row.value else "b", row.value, truth="a") for row in found.rows)
        return found.model_copy(update={"metric": metric, "rows": rows})

    monkeypatch.setattr(made, "score", score)
    found = await select(table, made, early_stop=True, batch=4)
    assert (texts(found.prompts), made.pulls, made.counts["stopped early"]) == (["0"], 40, 0)


@pytest.mark.parametrize(
    ("wired", "params", "words"),
    [
        ({"scores"}, Params(early_stop=True), "early_stop needs examples"),
        ({"prompts", "on"}, Params(early_stop=True, policy="ucb"), "no effect with policy 'ucb'"),
        ({"prompts", "on"}, Params(early_stop=True), ""),
        ({"prompts", "on"}, Params(early_stop=True, policy="successive-halving"), ""),
    ],
)
def test_it_is_refused_where_it_can_save_nothing(wired: set[str], params: Params, words: str) -> None:
    assert beam_select.lacks is not None
    assert words in beam_select.lacks(wired, params)[0]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_bound_is_at_most_what_it_is_without_it(policy: str) -> None:
    sizes = Sizes({"prompts": Extent(3, 9), "on": Extent.exactly(20)})
    assert beam_select.bound is not None
    whole = beam_select.bound(sizes, Params(policy=policy, pulls=90))  # type: ignore[arg-type]
    stopped = beam_select.bound(sizes, Params(policy=policy, pulls=90, early_stop=True))  # type: ignore[arg-type]
    assert (stopped.scores.most, stopped.scores.least) == (whole.scores.most, 0)
    assert stopped.outputs == whole.outputs
