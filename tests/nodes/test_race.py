"""race drops prompts that are significantly worse, and asks nothing twice."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.race import Inputs, Outputs, Params, bound, race
from promptwire.values import Example, Prompt, Prompts, Scores
from tests.nodes.fake import FakeContext, examples, prompts, texts


def by_number(prompt: Prompt, example: Example) -> float:
    """Right on as many of 20 examples as the prompt says; which ones, differs from prompt to prompt."""
    return float(random.Random(f"{prompt.text}/{example.text}").random() < int(prompt.text) / 20)


def runners(*skills: int) -> Prompts:
    return prompts(*map(str, skills))


async def run(who: Prompts, context: FakeContext, of: int = 300, **params: Any) -> Outputs:
    wired = {name: params.pop(name) for name in ("scores", "first") if name in params}
    found: Outputs = await race.run(Inputs(prompts=who, on=examples(of), **wired), Params(**params), context)
    return found


async def test_it_runs_block_by_block_over_the_same_examples_until_few_are_left() -> None:
    """The poor are out after the first blocks, and later blocks cost less."""
    context = FakeContext(value=by_number)
    found = await run(runners(1, 19, 2, 18, 3, 1), context, keep=2, block=30)
    assert sorted(texts(found.prompts)) == ["18", "19"]
    assert context.scored[0] == (6, 30)
    sizes = [prompts for prompts, _ in context.scored]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) < 10
    assert context.counts["blocks"] == len(sizes)


async def test_equals_run_all_blocks_and_not_one_more() -> None:
    context = FakeContext(value=lambda prompt, example: 1.0)
    found = await run(runners(*range(10, 16)), context, keep=2, block=7, blocks=4)
    assert context.scored == [(6, 7)] * 4
    assert texts(found.prompts) == ["10", "11"]
    short = FakeContext(value=lambda prompt, example: 1.0)
    await run(runners(*range(10, 16)), short, of=20, keep=2, block=7, blocks=4)
    assert short.scored == [(6, 7), (6, 7), (6, 6)]


async def test_with_at_most_keep_prompts_there_is_no_race() -> None:
    context = FakeContext(value=by_number)
    found = await run(runners(1, 2, 3), context, of=0, keep=3)
    assert (texts(found.prompts), context.scored) == (["1", "2", "3"], [])


async def test_a_race_without_examples_is_refused() -> None:
    with pytest.raises(NodeError, match="no examples to race over"):
        await run(runners(1, 2), FakeContext(), of=0, keep=1)


async def test_what_is_known_is_not_asked_again_and_the_survivors_rows_are_handed_on() -> None:
    first = FakeContext(value=lambda prompt, example: 1.0)
    before = await run(runners(1, 2, 3), first, of=20, keep=2, block=10)
    again = FakeContext(value=lambda prompt, example: 1.0)
    after = await run(runners(1, 2, 4), again, of=20, keep=2, block=10, scores=before.scores)
    assert (first.pulls, again.scored) == (60, [(1, 10)] * 2)
    assert {row.prompt for row in after.scores.rows} == {prompt.id for prompt in after.prompts.items}
    assert len(after.scores.rows) == 40


async def test_of_two_equal_prompts_the_shorter_wins() -> None:
    """A lead that never varies is certain, so the length alone decides."""
    long, short = prompts("say it in very many words", "say it").items
    context = FakeContext(value=lambda prompt, example: float(example.text < "in 5"))
    found = await run(Prompts(items=(long, short)), context, of=10, keep=1, block=10)
    assert texts(found.prompts) == ["say it"]
    free = await run(Prompts(items=(long, short)), context, of=10, keep=1, block=10, penalty=0)
    assert texts(free.prompts) == ["say it in very many words"]


async def test_demonstrations_count_as_length_and_the_longest_initial_prompt_is_the_measure() -> None:
    bare, shown = Prompt(text="a b"), Prompt(text="a b", demos=examples(3).items)
    better = {bare.id: 0.5, shown.id: 0.6}
    context = FakeContext(value=lambda prompt, example: better[prompt.id])
    both = Prompts(items=(bare, shown))
    assert (await run(both, context, of=10, keep=1, penalty=0.2)).prompts.items == (bare,)
    long = Prompts(items=(Prompt(text="word " * 200),))
    assert (await run(both, context, of=10, keep=1, penalty=0.2, first=long)).prompts.items == (shown,)


async def test_blocks_are_cut_from_one_drawn_order_unless_each_race_shuffles_them() -> None:
    asked: dict[tuple[bool, str], list[str]] = {}
    for shuffle in (False, True):
        for round in ("0", "1"):
            seen: list[str] = []
            context = FakeContext(value=lambda prompt, example, seen=seen: seen.append(example.text) or 1.0, round=round)
            await run(runners(1, 2), context, of=40, keep=1, block=10, blocks=2, shuffle=shuffle, penalty=0)
            asked[shuffle, round] = list(dict.fromkeys(seen))
    assert asked[False, "0"] == asked[False, "1"]
    assert sorted(asked[False, "0"]) != sorted(f"in {number}" for number in range(20))
    assert asked[True, "0"] != asked[True, "1"]


async def test_sorted_data_give_no_block_of_one_class() -> None:
    """A prompt that always gives the first class of sorted data would win a race over the written order."""

    def value(prompt: Prompt, example: Example) -> float:
        first = int(example.text.removeprefix("in ")) < 100
        if prompt.text == "constant":
            return float(first)
        return float(random.Random(example.text).random() < 0.9)

    for seed in range(20):
        context = FakeContext(value=value, seed=seed)
        found = await run(prompts("constant", "skilled"), context, of=200, keep=1, block=30)
        assert texts(found.prompts) == ["skilled"]


async def test_every_race_of_a_run_has_the_same_first_block() -> None:
    """A last race over one block then asks nothing about prompts that raced before."""
    orders = []
    for path in ("search.fittest", "best"):
        seen: list[str] = []
        context = FakeContext(value=lambda prompt, example, seen=seen: seen.append(example.text) or 1.0)
        context.path = path
        await run(runners(1, 2), context, of=40, keep=1, block=10, blocks=1)
        orders.append(list(dict.fromkeys(seen)))
    assert orders[0] == orders[1]


@pytest.mark.parametrize("scale", [1.0, 100.0])
async def test_the_price_of_length_is_a_share_of_the_scale(scale: float) -> None:
    long, short = prompts("say it in very many words", "say it").items
    value = {long.id: 0.53, short.id: 0.5}
    context = FakeContext(value=lambda prompt, example: scale * value[prompt.id])
    context.scale = (0.0, scale)
    for penalty, best in ((0.05, short), (0.01, long)):
        found = await run(Prompts(items=(long, short)), context, of=10, keep=1, block=10, penalty=penalty)
        assert found.prompts.items == (best,)


async def test_a_prompt_with_few_rows_neither_beats_nor_wins() -> None:
    def value(prompt: Prompt, example: Example) -> float | None:
        if prompt.text == "lucky":
            return 1.0 if example.text in ("in 3", "in 8") else None
        return by_number(prompt, example)

    context = FakeContext(value=value)
    found = await run(prompts("lucky", "19", "18", "17"), context, of=60, keep=1, block=30)
    assert texts(found.prompts)[0] != "lucky"


async def test_prompts_that_failed_calls_make_incomparable_stay() -> None:
    """Pairs are compared on what both have; a block with less than half of its rows decides nothing."""
    gaps = FakeContext(
        value=lambda prompt, example: None if prompt.text == "2" and example.text < "in 3" else by_number(prompt, example)
    )
    assert "19" in texts((await run(runners(1, 19, 2), gaps, keep=1)).prompts)
    down = FakeContext(value=lambda prompt, example: None)
    found = await run(runners(1, 19, 2), down, keep=1)
    assert (texts(found.prompts), down.counts["blocks broken off"]) == (["1"], 1)


@given(
    count=st.integers(0, 7), of=st.integers(1, 40), keep=st.integers(1, 4), block=st.integers(2, 15), blocks=st.integers(1, 4),
    known=st.booleans(), seed=st.integers(0, 3),
)  # fmt: skip
async def test_it_keeps_its_bound_and_leaves_as_many_as_it_should(
    count: int, of: int, known: bool, seed: int, **params: int
) -> None:
    who = runners(*random.Random(seed).sample(range(20), count))
    wired: dict[str, Any] = {"scores": Scores()} if known else {}
    context = FakeContext(value=by_number, seed=seed)
    found = await run(who, context, of, **params, **wired)
    assert len(found.prompts) == min(count, params["keep"])
    sizes = {"prompts": Extent.exactly(count), "on": Extent.exactly(of)} | ({"scores": Extent.exactly(0)} if known else {})
    promised = bound(Sizes(sizes), Params(**params))
    assert promised.scores.least <= context.pulls <= promised.scores.most
    assert promised.outputs["prompts"].exact and promised.outputs["prompts"].most == len(found.prompts)
