"""evaluate scores every pair once."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.evaluate import Inputs, Params, bound, evaluate
from promptwire.stats.prompt_score import score_of
from tests.nodes.fake import FakeContext, examples, prompts


async def test_there_is_a_row_per_prompt_and_example() -> None:
    context = FakeContext(value=lambda prompt, example: float(prompt.text == "a"))
    found = await evaluate.run(Inputs(prompts=prompts("a", "b"), on=examples(3)), Params(), context)
    assert [score_of(prompt, found.scores) for prompt in prompts("a", "b").items] == [1.0, 0.0]
    assert context.scored == [(2, 3)]


async def test_repeats_reach_the_scorer_and_multiply_the_bound() -> None:
    context, params = FakeContext(), Params(repeats=3)
    await evaluate.run(Inputs(prompts=prompts("a", "b"), on=examples(3)), params, context)
    assert context.repeats == [3]
    sizes = Sizes({"prompts": Extent.exactly(2), "on": Extent.exactly(3)})
    assert bound(sizes, params).scores == Extent.exactly(18)
    assert bound(sizes, Params()).scores == Extent.exactly(6)


@pytest.mark.parametrize("repeats", [0, -1])
def test_fewer_than_one_answer_is_refused(repeats: int) -> None:
    with pytest.raises(ValidationError, match="repeats"):
        Params(repeats=repeats)


async def test_no_prompts_give_no_rows() -> None:
    found = await evaluate.run(Inputs(prompts=prompts(), on=examples(0)), Params(), FakeContext())
    assert found.scores.rows == ()


async def test_no_examples_are_refused() -> None:
    with pytest.raises(NodeError, match="no examples"):
        await evaluate.run(Inputs(prompts=prompts("a"), on=examples(0)), Params(), FakeContext())
