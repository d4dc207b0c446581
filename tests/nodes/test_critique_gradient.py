"""critique-gradient asks once per group and takes at most n reasons."""

from __future__ import annotations

from promptwire.nodes.critique_gradient import Inputs, Params, critique_gradient
from promptwire.values import Failure, FailureGroup, Failures, Prompt
from tests.nodes.fake import FakeContext, examples


def groups(*sizes: int) -> Failures:
    cases = [Failure(example=example, output="o", answer="a", value=0.0) for example in examples(9).items]
    return Failures(groups=tuple(FailureGroup(prompt=Prompt(text="p"), cases=tuple(cases[:size])) for size in sizes))


async def test_each_group_is_one_request_and_its_answers_are_critiques() -> None:
    context = FakeContext(reply=lambda slots, sample: [f"{len(slots.failures)} {number}" for number in range(2)])
    found = await critique_gradient.run(Inputs(of=groups(1, 2)), Params(n=2), context)
    assert [critique.text for critique in found.critiques.items] == ["1 0", "1 1", "2 0", "2 1"]
    assert len(context.asked) == 2
    assert [len(critique.cases) for critique in found.critiques.items] == [1, 1, 2, 2]


async def test_of_more_reasons_than_asked_for_the_last_are_taken_and_the_others_counted() -> None:
    context = FakeContext(reply=lambda slots, sample: ["a", "b", "c"])
    found = await critique_gradient.run(Inputs(of=groups(1)), Params(n=1), context)
    assert ([critique.text for critique in found.critiques.items], context.counts["surplus"]) == (["c"], 2)


async def test_equal_groups_are_asked_as_samples_of_their_own() -> None:
    context = FakeContext()
    await critique_gradient.run(Inputs(of=groups(2, 2, 3)), Params(), context)
    assert context.samples == [(0, 1), (1, 1), (0, 1)]


async def test_the_conversation_goes_along() -> None:
    context = FakeContext(reply=lambda slots, sample: ["why"])
    found = await critique_gradient.run(Inputs(of=groups(1)), Params(), context)
    assert [message.role for message in found.critiques.items[0].conversation] == ["user", "assistant"]


async def test_no_failures_ask_nothing_and_unreadable_replies_give_nothing() -> None:
    context = FakeContext()
    assert len((await critique_gradient.run(Inputs(of=Failures()), Params(), context)).critiques) == 0
    assert context.asked == []
    assert len((await critique_gradient.run(Inputs(of=groups(1)), Params(), context)).critiques) == 0
