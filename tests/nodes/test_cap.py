"""cap bounds how many children a parent keeps."""

from __future__ import annotations

import pytest

from promptwire.errors import NodeError
from promptwire.nodes.cap import Inputs, Params, cap
from promptwire.values import Example, Failure, FailureGroup, Failures, Prompt, Prompts
from tests.nodes.fake import FakeContext, examples, texts

PARENT, OTHER = Prompt(text="parent"), Prompt(text="other")


def children(parent: Prompt, *texts: str) -> tuple[Prompt, ...]:
    return tuple(Prompt(text=text, parents=(parent.id,)) for text in texts)


def errors_of(prompt: Prompt, n: int) -> Failures:
    cases = tuple(Failure(example=example, output="", answer="", value=0.0) for example in examples(n).items)
    return Failures(groups=(FailureGroup(prompt=prompt, cases=cases),))


async def test_each_parent_keeps_its_own_share_in_the_written_order() -> None:
    pool = Prompts(items=children(PARENT, "a", "b", "c", "d") + children(OTHER, "e"))
    found = await cap.run(Inputs(prompts=pool), Params(per_parent=2), FakeContext())
    kept = texts(found.prompts)
    assert len(kept) == 3
    assert kept == [text for text in "abcde" if text in kept]


async def test_a_paraphrase_of_an_edit_counts_with_its_grandparent() -> None:
    (edit,) = children(PARENT, "edit")
    pool = Prompts(items=(edit, *children(edit, "v1", "v2"), *children(PARENT, "w")))
    found = await cap.run(Inputs(prompts=pool), Params(per_parent=3), FakeContext())
    assert len(found.prompts) == 3


async def test_prompts_that_are_each_others_parents_end_the_climb() -> None:
    one, two = Prompt(text="1", parents=(Prompt(text="2").id,)), Prompt(text="2", parents=(Prompt(text="1").id,))
    found = await cap.run(Inputs(prompts=Prompts(items=(one, two))), Params(), FakeContext())
    assert texts(found.prompts) == ["1", "2"]


async def test_errors_only_keeps_those_that_do_best_on_the_errors() -> None:
    def value(prompt: Prompt, example: Example) -> float:
        return float(prompt.text == "good")

    context = FakeContext(value=value)
    pool = Prompts(items=children(PARENT, "a", "good"))
    params = Params(per_parent=1, policy="errors-only", max_errors=16)
    found = await cap.run(Inputs(prompts=pool, errors=errors_of(PARENT, 20)), params, context)
    assert (texts(found.prompts), context.scored) == (["good"], [(2, 16)])


async def test_errors_only_scores_twice_the_cap_at_most() -> None:
    context = FakeContext()
    pool = Prompts(items=children(PARENT, *"abcdefghij"))
    params = Params(per_parent=2, policy="errors-only")
    await cap.run(Inputs(prompts=pool, errors=errors_of(PARENT, 3)), params, context)
    assert context.scored == [(4, 3)]


async def test_a_small_family_costs_nothing() -> None:
    context = FakeContext()
    pool = Prompts(items=children(PARENT, "a"))
    await cap.run(Inputs(prompts=pool, errors=errors_of(PARENT, 3)), Params(policy="errors-only"), context)
    assert context.scored == []


async def test_a_parent_without_errors_keeps_a_random_share() -> None:
    pool = Prompts(items=children(PARENT, *"abc"))
    params = Params(per_parent=2, policy="errors-only")
    assert len((await cap.run(Inputs(prompts=pool, errors=Failures()), params, FakeContext())).prompts) == 2


async def test_errors_only_without_errors_wired_is_refused() -> None:
    with pytest.raises(NodeError, match="needs `errors`"):
        await cap.run(Inputs(prompts=Prompts()), Params(policy="errors-only"), FakeContext())
