"""crossover breeds from drawn pairs."""

from __future__ import annotations

from promptwire.nodes.crossover import Inputs, Params, crossover
from tests.nodes.fake import FakeContext, prompts, texts


async def test_each_pair_has_a_child_with_two_parents() -> None:
    context = FakeContext(reply=lambda slots, sample: [f"{slots.mother.text}{slots.father.text} {sample}"])
    found = await crossover.run(Inputs(prompts=prompts("a", "b", "c")), Params(n=4), context)
    assert len(context.asked) == 4
    assert all(len(set(prompt.parents)) == 2 for prompt in found.prompts.items)


async def test_a_pair_that_meets_again_has_another_child() -> None:
    context = FakeContext(reply=lambda slots, sample: [f"{slots.mother.text}{slots.father.text} {sample}"])
    found = await crossover.run(Inputs(prompts=prompts("a", "b")), Params(n=6), context)
    assert len(found.prompts) == 6


async def test_fewer_than_two_prompts_have_no_children() -> None:
    context = FakeContext()
    found = await crossover.run(Inputs(prompts=prompts("a")), Params(n=3), context)
    assert (texts(found.prompts), context.asked, context.counts["too few to breed"]) == ([], [], 1)
