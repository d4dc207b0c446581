"""evaluate scores every pair once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.evaluate import Inputs, Params, bound, evaluate
from promptwire.stats.prompt_score import score_of
from promptwire.values import Example, Prompt
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


def by_turn(right: int) -> FakeContext:
    """A context in which the first `right` answers of each prompt are right."""
    asked: Counter[str] = Counter()

    def value(prompt: Prompt, example: Example) -> float:
        asked[prompt.id] += 1
        return float(asked[prompt.id] <= right)

    return FakeContext(value=value)


@pytest.mark.parametrize(
    ("right", "ends", "values"),
    [
        (0, {"until_wrong": 1, "until_right": 3}, (0.0,)),
        (1, {"until_wrong": 1, "until_right": 3}, (1.0, 0.0)),
        (9, {"until_wrong": 1, "until_right": 3}, (1.0, 1.0, 1.0)),
        (2, {"until_wrong": 2}, (1.0, 1.0, 0.0, 0.0)),
        (9, {"until_wrong": 2}, (1.0,) * 5),
    ],
)
async def test_prompt_is_asked_until_it_had_so_many_right_or_wrong_answers(
    right: int, ends: dict[str, int], values: tuple[float, ...]
) -> None:
    found = await evaluate.run(Inputs(prompts=prompts("a", "b"), on=examples(5)), Params(**ends), by_turn(right))
    assert [found.scores.values(prompt) for prompt in prompts("a", "b").items] == [values, values]


@pytest.mark.parametrize(
    ("order", "equal", "written"), [("own", False, False), ("shared", True, False), ("written", True, True)]
)
async def test_questions_are_drawn_for_each_prompt_or_for_all(order: str, equal: bool, written: bool) -> None:
    params = Params(until_wrong=1, order=order)  # type: ignore[arg-type]
    found = await evaluate.run(Inputs(prompts=prompts("a", "b"), on=examples(40)), params, by_turn(9))
    first, second = ([row.example for row in found.scores.by_prompt[prompt.id]] for prompt in prompts("a", "b").items)
    assert len(first) == len(second) == 10
    assert (first == second, first == [example.id for example in examples(40).items[:10]]) == (equal, written)


async def test_scoring_in_sequence_needs_a_value_for_right() -> None:
    context = FakeContext()
    context.perfect = None
    with pytest.raises(NodeError, match="has no value for right answers"):
        await evaluate.run(Inputs(prompts=prompts("a"), on=examples(2)), Params(until_wrong=1), context)


@given(
    right=st.integers(0, 6),
    wrong=st.none() | st.integers(1, 4),
    enough=st.none() | st.integers(1, 4),
    many=st.integers(1, 6),
)
async def test_questions_in_sequence_stay_within_the_bound(
    right: int, wrong: int | None, enough: int | None, many: int
) -> None:
    params, context = Params(until_wrong=wrong, until_right=enough), by_turn(right)
    await evaluate.run(Inputs(prompts=prompts("a", "b"), on=examples(many)), params, context)
    asked = sum(one * two for one, two in context.scored)
    found = bound(Sizes({"prompts": Extent.exactly(2), "on": Extent.exactly(many)}), params).scores
    assert found.least <= asked <= found.most


@pytest.mark.parametrize(
    ("ends", "waves"),
    [({"until_wrong": 3}, [3, 2]), ({"until_right": 2}, [2]), ({"until_wrong": 1, "until_right": 3}, [1, 1, 1])],
)
async def test_as_many_are_asked_at_once_as_any_end_still_lacks(ends: dict[str, int], waves: list[int]) -> None:
    context = by_turn(2)
    await evaluate.run(Inputs(prompts=prompts("a"), on=examples(9)), Params(**ends), context)
    assert [examples for _, examples in context.scored] == waves
