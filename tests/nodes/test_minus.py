"""minus leaves out members by content, in sets of any type; tests/nodes/test_rest_outputs.py holds its laws."""

from __future__ import annotations

from promptwire.nodes.minus import Inputs, Params, minus
from promptwire.values import Examples, Prompt, Prompts
from tests.nodes.fake import FakeContext, examples, prompts, texts


async def test_lineage_and_marks_do_not_keep_a_prompt() -> None:
    without = Prompts(items=(Prompt(text="b", parents=("x",), marks={"n": 1}),))
    found = await minus.run(Inputs(of=prompts("a", "b", "c"), without=without), Params(), FakeContext())
    assert (texts(found.members), texts(found.common)) == (["a", "c"], ["b"])


async def test_companions_make_another_prompt() -> None:
    without = Prompts(items=(Prompt(text="b", companions={"number": "2"}),))
    found = await minus.run(Inputs(of=prompts("a", "b"), without=without), Params(), FakeContext())
    assert texts(found.members) == ["a", "b"]


async def test_examples_and_lists_are_compared_too() -> None:
    found = await minus.run(Inputs(of=examples(3), without=examples(2)), Params(), FakeContext())
    assert found.members == Examples(items=examples(3).items[2:])
    assert (await minus.run(Inputs(of=["x", "y"], without=["y", "z"]), Params(), FakeContext())).members == ["x"]
