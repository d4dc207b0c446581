"""union gives what is wired to it."""

from __future__ import annotations

from promptwire.nodes.union import Inputs, Params, union
from tests.nodes.fake import FakeContext, prompts, texts


async def test_the_written_order_stays() -> None:
    found = await union.run(Inputs(prompts=prompts("b", "a")), Params(), FakeContext())
    assert texts(found.prompts) == ["b", "a"]


async def test_an_empty_set_stays_empty() -> None:
    found = await union.run(Inputs(prompts=prompts()), Params(), FakeContext())
    assert texts(found.prompts) == []
