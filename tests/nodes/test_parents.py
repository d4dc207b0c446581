"""parents draws families of prompts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.parents import Inputs, Outputs, Params, bound, parents
from tests.nodes.fake import FakeContext, prompts, scores, texts

TABLE = scores({"good": [1, 1], "poor": [0, 1], "bad": [0, 0]})


async def drawn(context: FakeContext, **params: Any) -> Outputs:
    found: Outputs = await parents.run(Inputs(prompts=TABLE.prompts, scores=TABLE), Params(**params), context)
    return found


def names(found: Outputs) -> list[tuple[str, ...]]:
    return [tuple(prompt.text for prompt in family) for family in found.families.items]


@pytest.mark.parametrize("policy", ["roulette", "tournament", "random"])
async def test_n_families_of_different_prompts_are_drawn(policy: str) -> None:
    found = names(await drawn(FakeContext(), n=7, size=2, policy=policy))
    assert [len(set(family)) for family in found] == [2] * 7
    assert len(set(found)) > 1


@pytest.mark.parametrize("policy", ["roulette", "tournament"])
async def test_the_better_are_drawn_more_often_and_in_proportion(policy: str) -> None:
    found = names(await drawn(FakeContext(), n=900, size=1, policy=policy))
    counts = Counter(text for (text,) in found)
    assert counts["bad"] == 0
    assert 1.7 < counts["good"] / counts["poor"] < 2.4


async def test_a_family_may_hold_a_prompt_twice_unless_distinct() -> None:
    found = names(await drawn(FakeContext(), n=100, distinct=False))
    assert {len(set(family)) for family in found} == {1, 2}
    alone = await parents.run(
        Inputs(prompts=prompts("good"), scores=TABLE), Params(n=2, distinct=False), context := FakeContext()
    )
    assert (names(alone), context.counts) == ([("good", "good")] * 2, {})


async def test_every_prompt_in_turn_has_others_that_differ_from_it_and_from_each_other() -> None:
    found = names(await drawn(FakeContext(), n=2, size=3, policy="random", every=True))
    assert [family[0] for family in found] == ["good", "good", "poor", "poor", "bad", "bad"]
    assert all(len(set(family)) == 3 for family in found)


async def test_the_drawn_prompts_are_a_set() -> None:
    found = await drawn(FakeContext(), n=1, size=2, policy="random")
    assert texts(found.prompts) == list(names(found)[0])
    assert len((await drawn(FakeContext(), n=9, size=3, policy="random")).prompts) == 3


async def test_negative_scores_can_be_drawn_by() -> None:
    table = scores({"a": [-1.0], "b": [-9.0]})
    found = await parents.run(Inputs(prompts=table.prompts, scores=table), Params(n=20, size=1), FakeContext())
    assert set(names(found)) == {("a",)}


async def test_equally_bad_prompts_have_equal_chances() -> None:
    table = scores({"a": [0.0], "b": [0.0]})
    found = await parents.run(Inputs(prompts=table.prompts, scores=table), Params(n=20, size=1), FakeContext())
    assert set(names(found)) == {("a",), ("b",)}


@pytest.mark.parametrize(("population", "distinct"), [((), True), ((), False), (("good",), True)])
async def test_a_population_that_is_too_small_has_no_families(population: tuple[str, ...], distinct: bool) -> None:
    context = FakeContext()
    found = await parents.run(Inputs(prompts=prompts(*population), scores=TABLE), Params(distinct=distinct), context)
    assert (names(found), texts(found.prompts), context.counts["too few to breed"]) == ([], [], 1)


@pytest.mark.parametrize("policy", ["roulette", "tournament"])
async def test_a_draw_by_merit_without_scores_is_refused(policy: str) -> None:
    with pytest.raises(NodeError, match="needs `scores`"):
        await parents.run(Inputs(prompts=prompts("a", "b")), Params(policy=policy), FakeContext())
    assert len((await parents.run(Inputs(prompts=prompts("a", "b")), Params(policy="random"), FakeContext())).families) == 1


@given(
    count=st.integers(0, 5), n=st.integers(0, 4), size=st.integers(1, 4), distinct=st.booleans(), every=st.booleans(),
    policy=st.sampled_from(["random", "roulette", "tournament"]), seed=st.integers(0, 3),
)  # fmt: skip
async def test_it_gives_what_its_bound_says_and_the_same_seed_the_same(count: int, seed: int, **params: Any) -> None:
    table = scores({str(number): [number / 5] for number in range(count)}, n=1)
    inputs, settings = Inputs(prompts=table.prompts, scores=table), Params(**params)
    found = await parents.run(inputs, settings, FakeContext(seed=seed))
    assert found == await parents.run(inputs, settings, FakeContext(seed=seed))
    promised = bound(Sizes({"prompts": Extent.exactly(count)}), settings).outputs
    assert promised["families"].exact and promised["families"].most == len(found.families)
    assert promised["prompts"].least <= len(found.prompts) <= promised["prompts"].most


@pytest.mark.parametrize(
    ("population", "size", "families", "left"), [(6, 2, 3, 0), (7, 2, 3, 1), (7, 3, 2, 1), (1, 2, 0, 1), (0, 2, 0, 0)]
)
async def test_a_matching_has_each_prompt_in_one_family(population: int, size: int, families: int, left: int) -> None:
    given = prompts(*map(str, range(population)))
    found = await parents.run(Inputs(prompts=given), Params(policy="matching", size=size), FakeContext())
    members = [prompt.text for family in found.families.items for prompt in family]
    assert (len(found.families), len(found.rest)) == (families, left)
    assert sorted([*members, *texts(found.rest)]) == texts(given)


async def test_each_matching_is_drawn_anew() -> None:
    given = prompts(*"abcdef")
    found = await parents.run(Inputs(prompts=given), Params(policy="matching", n=2), FakeContext())
    first, second = found.families.items[:3], found.families.items[3:]
    assert (
        {one.text for family in first for one in family} == {one.text for family in second for one in family} == set("abcdef")
    )
    assert first != second


async def test_a_matching_with_every_is_refused() -> None:
    with pytest.raises(NodeError, match="each prompt in one family"):
        await parents.run(Inputs(prompts=prompts("a", "b")), Params(policy="matching", every=True), FakeContext())


async def test_the_better_of_each_pair_comes_first_and_of_equals_the_first_drawn() -> None:
    table = scores({f"p{number}": [number // 2] for number in range(8)})
    for seed in range(10):
        pairs = {}
        for order in ("drawn", "best"):
            context = FakeContext(seed=seed)
            found = await parents.run(
                Inputs(prompts=table.prompts, scores=table),
                Params(policy="matching", order=order),
                context,  # type: ignore[arg-type]
            )
            pairs[order] = names(found)
            assert texts(found.first) == [family[0] for family in names(found)]
        values = {text: int(text[1:]) // 2 for text in texts(table.prompts)}
        assert pairs["best"] == [tuple(sorted(pair, key=values.__getitem__, reverse=True)) for pair in pairs["drawn"]]


async def test_an_order_by_merit_without_scores_is_refused() -> None:
    with pytest.raises(NodeError, match="`order: best` needs `scores`"):
        await parents.run(Inputs(prompts=prompts("a", "b")), Params(policy="random", order="best"), FakeContext())
