"""parents draws who breeds."""

from __future__ import annotations

from collections import Counter

import pytest

from promptwire.errors import NodeError
from promptwire.nodes.parents import Inputs, Params, parents
from tests.nodes.fake import FakeContext, prompts, scores, texts

TABLE = scores({"good": [1, 1], "poor": [0, 1], "bad": [0, 0]})


@pytest.mark.parametrize("policy", ["roulette", "tournament", "random"])
async def test_n_different_prompts_are_drawn_and_all_when_there_are_no_more(policy: str) -> None:
    for n, size in ((2, 2), (9, 3)):
        found = await parents.run(Inputs(prompts=TABLE.prompts, scores=TABLE), Params(n=n, policy=policy), FakeContext())
        assert len(set(texts(found.prompts))) == size


@pytest.mark.parametrize("policy", ["roulette", "tournament"])
async def test_the_better_are_drawn_more_often(policy: str) -> None:
    drawn: Counter[str] = Counter()
    for seed in range(200):
        context = FakeContext(seed=seed)
        found = await parents.run(Inputs(prompts=TABLE.prompts, scores=TABLE), Params(n=1, policy=policy), context)
        drawn.update(texts(found.prompts))
    assert drawn["good"] > drawn["poor"] > 0 == drawn["bad"]


async def test_values_below_zero_can_be_drawn_by() -> None:
    table = scores({"a": [-1.0], "b": [-9.0]})
    found = await parents.run(Inputs(prompts=table.prompts, scores=table), Params(n=1), FakeContext())
    assert texts(found.prompts) == ["a"]


async def test_an_empty_population_gives_nobody() -> None:
    found = await parents.run(Inputs(prompts=prompts(), scores=TABLE), Params(), FakeContext())
    assert texts(found.prompts) == []


async def test_roulette_without_scores_is_refused() -> None:
    with pytest.raises(NodeError, match="needs `scores`"):
        await parents.run(Inputs(prompts=prompts("a")), Params(), FakeContext())
