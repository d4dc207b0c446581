"""take gives the first or the last members, and the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.nodes.take import Inputs, Params, bound, take
from promptwire.values import Families, Prompt
from tests.nodes.fake import FakeContext, examples, prompts, texts


@pytest.mark.parametrize(
    ("params", "members", "rest"),
    [
        ({}, ["a"], ["b", "c"]),
        ({"n": 2}, ["a", "b"], ["c"]),
        ({"n": 2, "from_": "end"}, ["b", "c"], ["a"]),
        ({"n": 9, "from_": "end"}, ["a", "b", "c"], []),
        ({"n": 0}, [], ["a", "b", "c"]),
    ],
)
async def test_the_order_stays_on_both_sides(params: dict[str, Any], members: list[str], rest: list[str]) -> None:
    found = await take.run(Inputs(of=prompts("a", "b", "c")), Params(**params), FakeContext())
    assert (texts(found.members), texts(found.rest)) == (members, rest)


async def test_other_sets_are_taken_from_too() -> None:
    family = (Prompt(text="a"),)
    assert (await take.run(Inputs(of=examples(3)), Params(n=2), FakeContext())).members == examples(2)
    assert (await take.run(Inputs(of=Families(items=(family, family))), Params(), FakeContext())).members.items == (family,)
    assert (await take.run(Inputs(of=["x", 1]), Params(), FakeContext())).members == ["x"]


@given(size=st.integers(0, 6), n=st.integers(0, 8), end=st.booleans())
async def test_both_sides_are_the_set_and_the_bound_holds(size: int, n: int, end: bool) -> None:
    of, params = prompts(*map(str, range(size))), Params(n=n, from_="end" if end else "start")
    found = await take.run(Inputs(of=of), params, FakeContext())
    sides = (found.rest, found.members) if end else (found.members, found.rest)
    assert [*texts(sides[0]), *texts(sides[1])] == texts(of)
    sizes = bound(Sizes({"of": Extent.exactly(size)}), params).outputs
    assert sizes == {"members": Extent.exactly(len(found.members)), "rest": Extent.exactly(len(found.rest))}


@pytest.mark.parametrize(
    ("params", "members", "rest"),
    [
        ({"at": 2}, ["b"], ["a", "c", "d"]),
        ({"at": 2, "n": 2}, ["b", "c"], ["a", "d"]),
        ({"at": 2, "from_": "end"}, ["c"], ["a", "b", "d"]),
        ({"at": 3, "n": 5, "from_": "end"}, ["a", "b"], ["c", "d"]),
        ({"at": 5}, [], ["a", "b", "c", "d"]),
    ],
)
async def test_a_member_is_taken_by_its_place(params: dict[str, Any], members: list[str], rest: list[str]) -> None:
    found = await take.run(Inputs(of=prompts("a", "b", "c", "d")), Params(**params), FakeContext())
    assert (texts(found.members), texts(found.rest)) == (members, rest)


@given(size=st.integers(0, 6), n=st.integers(0, 4), at=st.integers(1, 8), end=st.booleans())
async def test_the_bound_holds_at_every_place(size: int, n: int, at: int, end: bool) -> None:
    params = Params(n=n, at=at, from_="end" if end else "start")
    found = await take.run(Inputs(of=prompts(*map(str, range(size)))), params, FakeContext())
    sizes = bound(Sizes({"of": Extent.exactly(size)}), params).outputs
    assert sizes == {"members": Extent.exactly(len(found.members)), "rest": Extent.exactly(len(found.rest))}
    assert len(found.members) + len(found.rest) == size
