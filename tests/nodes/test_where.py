"""where chooses the members for which a template says yes."""

from __future__ import annotations

import pytest

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.where import Inputs, Params, bound, where
from promptwire.values import Prompt, Prompts
from tests.nodes.fake import FakeContext, prompts, scores, texts


async def test_both_sides_keep_the_order() -> None:
    context = FakeContext(reply=lambda slots, sample: (str(slots.length > 1),))
    found = await where.run(Inputs(of=prompts("aa", "b", "cc")), Params(), context)
    assert (texts(found.members), texts(found.rest)) == (["aa", "cc"], ["b"])


@pytest.mark.parametrize(("text", "kept"), [("True", 1), ("0.5", 1), ("False", 0), ("0", 0), ("-1", 0)])
async def test_a_number_above_zero_is_a_yes(text: str, kept: int) -> None:
    found = await where.run(Inputs(of=prompts("a")), Params(), FakeContext(reply=lambda slots, sample: (text,)))
    assert (len(found.members), len(found.rest)) == (kept, 1 - kept)


async def test_what_is_neither_is_an_error_that_names_the_member() -> None:
    with pytest.raises(NodeError, match="member 1, but the template gives 'maybe'"):
        await where.run(Inputs(of=prompts("a")), Params(), FakeContext(reply=lambda slots, sample: ("maybe",)))


async def test_scores_and_marks_decide_and_stay() -> None:
    of = Prompts(items=(Prompt(text="a", marks={"visits": 2}), Prompt(text="b")))
    context = FakeContext(reply=lambda slots, sample: (str(slots.score > 0.4 and slots.item.marks["visits"] > 1),))
    found = await where.run(Inputs(of=of, scores=scores({"a": [1.0], "b": [1.0]})), Params(), context)
    assert found.members == Prompts(items=of.items[:1])


async def test_members_of_scores_come_out_with_their_rows() -> None:
    table = scores({"a": [1.0, 1.0], "b": [0.0, 0.0]})
    found = await where.run(Inputs(of=table), Params(), FakeContext(reply=lambda slots, sample: (str(slots.score > 0.4),)))
    assert (texts(found.members.prompts), len(found.members.rows)) == (["a"], 2)


async def test_with_most_the_first_of_them_are_chosen_and_the_bound_is_smaller() -> None:
    context = FakeContext(reply=lambda slots, sample: (str(slots.prompt.text != "b"),))
    found = await where.run(Inputs(of=prompts("a", "b", "c", "d")), Params(most=2), context)
    assert (texts(found.members), texts(found.rest)) == (["a", "c"], ["b", "d"])
    sizes = Sizes({"of": Extent.exactly(4)})
    assert bound(sizes, Params(most=2)).outputs == {"members": Extent(0, 2), "rest": Extent(0, 4)}
    assert bound(sizes, Params()).outputs == {"members": Extent(0, 4), "rest": Extent(0, 4)}
