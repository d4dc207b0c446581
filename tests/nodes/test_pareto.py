"""pareto keeps the front, and draws parents in proportion to their wins."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.nodes.pareto import Inputs, Params, pareto
from promptwire.values import Example, Prompt, Prompts, Row, Scores
from tests.nodes.fake import FakeContext, prompts, scores, texts

TABLES = st.lists(
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=3, max_size=3), min_size=1, max_size=6
).map(lambda rows: {f"prompt {place}": row for place, row in enumerate(rows)})  # fmt: skip


async def front(table: Scores, *, seed: int = 0, among: Prompts | None = None, **params: object) -> list[str]:
    """The texts that are kept."""
    found = await pareto.run(Inputs(scores=table, prompts=among), Params(**params), FakeContext(seed=seed))
    return texts(found.prompts)


async def drawn(table: Scores, n: int = 1) -> Counter[str]:
    """How often each is drawn, over 300 seeds."""
    return Counter([text for seed in range(300) for text in await front(table, seed=seed, draw=n)])


async def test_a_prompt_stays_unless_another_is_nowhere_worse_and_somewhere_better() -> None:
    table = scores({"first": [1, 0, 0], "second": [0, 1, 0], "beaten": [0, 0, 0], "middling": [0.5, 0.5, 0]})
    assert await front(table) == ["first", "second", "middling"]


async def test_equal_prompts_do_not_dominate_each_other() -> None:
    assert await front(scores({"a": [1, 0], "b": [1, 0]})) == ["a", "b"]


async def test_the_front_of_score_and_length_keeps_the_short_for_their_score() -> None:
    table = scores({"long and the best": [1, 1], "short": [1, 0], "longer": [1, 0], "s": [0, 0], "worst of all": [0, 0]})
    assert await front(table, by=("score", "length")) == ["long and the best", "short", "s"]
    assert await front(table, by=("score",)) == ["long and the best"]
    assert await front(table, by=("length",)) == ["s"]


async def test_demonstrations_count_as_length() -> None:
    bare, shown = Prompt(text="a"), Prompt(text="a", demos=(Example(input="in", outputs=("out",)),))
    rows = tuple(Row(prompt.id, "example", "", "", 1.0) for prompt in (shown, bare))
    both = Scores(prompts=Prompts.of((shown, bare)), rows=rows)
    found = await pareto.run(Inputs(scores=both), Params(by=("score", "length")), FakeContext())
    assert found.prompts.items == (bare,)


async def test_an_example_that_a_prompt_was_not_scored_on_counts_as_worse_than_any_value() -> None:
    table = scores({"whole": [-3.0, -3.0], "half": [-3.0]})
    assert await front(table) == ["whole"]


async def test_unscored_prompts_stay_only_if_no_prompt_is_scored() -> None:
    table = scores({"a": [0, 0]})
    assert await front(table, among=prompts("a", "new")) == ["a"]
    assert await front(Scores(), among=prompts("b", "new")) == ["b", "new"]
    assert len(await front(Scores(), among=prompts("b", "new"), draw=1)) == 1
    assert await front(Scores()) == []


async def test_only_the_prompts_wired_are_compared() -> None:
    table = scores({"best": [1, 1], "a": [1, 0], "b": [0, 0]})
    assert await front(table, among=prompts("b", "a")) == ["a"]


async def test_the_more_examples_a_prompt_wins_the_likelier_it_is_drawn() -> None:
    found = await drawn(scores({"three": [1, 1, 1, 0], "one": [0, 0, 0, 1], "none": [0, 0, 0, 0]}))
    assert set(found) == {"three", "one"}
    assert 180 < found["three"] < 270


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "a", "b")])
async def test_a_prompt_whose_every_win_is_shared_with_others_is_not_drawn(order: tuple[str, ...]) -> None:
    """And of twins that win the same, one is."""
    rows = {"a": [1, 1, 0, 0], "b": [0, 0, 1, 1], "c": [1, 0, 1, 0]}
    assert set(await drawn(scores({name: rows[name] for name in order}))) == {"a", "b"}
    assert set(await drawn(scores({"a": [1, 0], "twin": [1, 0]}))) == {"a"}


async def test_the_worse_of_two_that_share_their_wins_goes() -> None:
    found = await drawn(scores({"worse": [1, 0, 0.2], "better": [1, 0.5, 0.1], "other": [0, 0, 1]}))
    assert set(found) == {"better", "other"}


async def test_draws_are_of_different_prompts_and_never_more_than_there_are() -> None:
    table = scores({"a": [1, 0], "b": [0, 1], "c": [0, 0]})
    assert sorted(await front(table, draw=5)) == ["a", "b"]


@given(TABLES)
async def test_no_prompt_of_the_front_is_dominated_and_all_others_are(table: dict[str, list[float]]) -> None:
    kept = set(await front(scores(table)))

    def beats(one: str, other: str) -> bool:
        pairs = list(zip(table[one], table[other], strict=True))
        return all(mine >= theirs for mine, theirs in pairs) and table[one] != table[other]

    assert kept == {text for text in table if not any(beats(other, text) for other in table)}


@given(TABLES)
async def test_prompts_that_can_be_drawn_reach_the_best_value_of_each_example(table: dict[str, list[float]]) -> None:
    able = await front(scores(table), draw=99)
    for example in range(3):
        assert max(table[text][example] for text in able) == max(row[example] for row in table.values())


def test_a_plan_knows_that_there_is_one_at_least_and_not_more_than_are_drawn() -> None:
    sizes = Sizes({"scores": Extent(1, 9, 20)})
    assert pareto.bound is not None
    assert pareto.bound(sizes, Params()).outputs["prompts"] == Extent(1, 9)
    assert pareto.bound(sizes, Params(draw=1)).outputs["prompts"] == Extent(1, 1)
    assert pareto.bound(Sizes({"scores": sizes.of("scores"), "prompts": Extent(0, 3)}), Params()).outputs["prompts"] == Extent(
        0, 3
    )
