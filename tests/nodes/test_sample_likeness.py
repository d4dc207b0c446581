"""sample draws the examples that are like others, or that are unlike each other, by the words of their inputs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.sample import Inputs, Params, bound, sample
from promptwire.values import Example, Examples
from tests.nodes.fake import FakeContext


def named(*inputs: str) -> Examples:
    return Examples(items=tuple(Example(input=one, outputs=("x",)) for one in inputs))


POOL = named("red apple", "blue sky", "a red car", "the blue sea", "an old red apple")


async def drawn(policy: str, n: float, *like: str, of: Examples = POOL, seed: int = 0) -> list[str]:
    wired = named(*like) if like else None
    found = await sample.run(Inputs(of=of, like=wired), Params(n=n, policy=policy), FakeContext(seed=seed))
    assert {one.text for one in found.rest.items} == {one.text for one in of.items} - {one.text for one in found.examples.items}
    return [one.text for one in found.examples.items]


async def test_the_nearest_come_first_and_an_example_itself_is_not_drawn() -> None:
    assert await drawn("near", 2, "red apple") == ["an old red apple", "a red car"]
    assert await drawn("near", 1, "red apple", "the blue sea") == ["an old red apple"]
    assert await drawn("near", 9, "blue sky") == ["the blue sea", "red apple", "a red car", "an old red apple"]


async def test_those_apart_are_unlike_each_other_and_unlike_the_given_ones() -> None:
    assert await drawn("apart", 2, "an old red apple") == ["blue sky", "a red car"]
    first, second = await drawn("apart", 2)
    assert {"red", "blue"} & set(first.split()) != {"red", "blue"} & set(second.split())
    assert {(await drawn("apart", 1, seed=seed))[0] for seed in range(20)} == {one.text for one in POOL.items}
    assert await drawn("apart", 2, of=named()) == []


async def test_characters_are_words_where_there_are_no_blanks() -> None:
    of = named("红色的苹果", "蓝色的天空", "绿茶")
    assert await drawn("near", 1, "苹果", of=of) == ["红色的苹果"]


async def test_near_needs_examples_to_compare_with() -> None:
    with pytest.raises(NodeError, match="policy 'near' needs `like`"):
        await drawn("near", 1)


@given(st.integers(0, 6), st.integers(1, 7), st.integers(0, 4), st.sampled_from(["near", "apart"]))
async def test_the_bound_holds(of: int, n: int, like: int, policy: str) -> None:
    pool, params = named(*(f"word {one}" for one in range(of))), Params(n=n, policy=policy)
    shown = named(*(f"word {one}" for one in range(of - 1, of - 1 + like)))
    found = await sample.run(Inputs(of=pool, like=shown), params, FakeContext())
    sizes = {"of": Extent.exactly(of), "like": Extent.exactly(like)}
    for name, extent in bound(Sizes(sizes), params).outputs.items():
        assert extent.least <= len(getattr(found, name)) <= extent.most
