"""shuffle gives all members in an order that the seed decides."""

from __future__ import annotations

from promptwire.nodes.shuffle import Inputs, Params, shuffle
from promptwire.values import Prompts
from tests.nodes.fake import FakeContext, prompts, texts

MANY = prompts(*"abcdefgh")


async def order(params: Params, **where: object) -> list[str]:
    """The drawn order."""
    found: Prompts = (await shuffle.run(Inputs(of=MANY), params, FakeContext(**where))).members  # type: ignore[arg-type]
    return texts(found)


async def test_the_same_seed_gives_the_same_order_of_all_members() -> None:
    first = await order(Params(), seed=1)
    assert first == await order(Params(), seed=1)
    assert first != await order(Params(), seed=2)
    assert sorted(first) == texts(MANY) != first


async def test_the_order_is_another_in_each_round_unless_it_is_steady() -> None:
    assert await order(Params(), round="0") != await order(Params(), round="1")
    assert await order(Params(steady=True), round="0") == await order(Params(steady=True), round="1")
